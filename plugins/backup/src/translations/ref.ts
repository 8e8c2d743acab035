import { createTranslationRef } from '@backstage/frontend-plugin-api';
import { messages } from './messages';

/**
 * All words of the plugin. An app overrides them with `createTranslationMessages`.
 *
 * @public
 */
export const backupTranslationRef = createTranslationRef({
  id: 'backup',
  messages,
  translations: { de: () => import('./de') },
});
