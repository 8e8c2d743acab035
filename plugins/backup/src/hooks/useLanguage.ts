import {
  appLanguageApiRef,
  useApiHolder,
} from '@backstage/frontend-plugin-api';

/**
 * The language for dates and numbers: the app's, in the browser's regional form when both agree
 * (an app in `en` read by a browser in `en-GB` gets British dates).
 */
export function useLanguage(): string {
  const language =
    useApiHolder().get(appLanguageApiRef)?.getLanguage().language ?? 'en';
  const regional = navigator.languages?.find(
    candidate => candidate.split('-')[0] === language,
  );
  return regional ?? language;
}
