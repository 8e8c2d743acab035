import {
  TranslationFunction,
  useTranslationRef,
} from '@backstage/frontend-plugin-api';
import { backupTranslationRef } from './ref';

/** `t('key', { values })`. */
export type Translate = TranslationFunction<typeof backupTranslationRef.T>;

/** The plugin's translation function, for components and for the pure formatters that take it as a parameter. */
export function useTranslate(): Translate {
  return useTranslationRef(backupTranslationRef).t;
}
