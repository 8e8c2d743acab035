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
  return regionalLanguage(language, navigator.languages ?? []);
}

/**
 * A language in the form that the viewer prefers.
 *
 * @param candidates - as the browser reports them: in a POSIX locale also tags such as `en-US@posix`, which no formatter takes
 */
export function regionalLanguage(
  language: string,
  candidates: readonly string[],
): string {
  return (
    candidates.find(
      candidate =>
        candidate.split('-')[0] === language && isLanguageTag(candidate),
    ) ?? language
  );
}

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}
