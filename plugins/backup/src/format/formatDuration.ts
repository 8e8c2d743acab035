import { Translate } from '../translations/useTranslate';

/**
 * A length of time in its two largest units: `2 min 14 s`, `1 h 5 min`, `45 s`, with spaces that do not break.
 *
 * @param milliseconds - the length; negative counts as 0
 */
export function formatDuration(milliseconds: number, t: Translate): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) {
    return t('time.duration.days', {
      days: String(days),
      hours: String(hours % 24),
    });
  }
  if (hours > 0) {
    return t('time.duration.hours', {
      hours: String(hours),
      minutes: String(minutes % 60),
    });
  }
  if (minutes > 0) {
    return t('time.duration.minutes', {
      minutes: String(minutes),
      seconds: String(seconds % 60),
    });
  }
  return t('time.duration.seconds', { seconds: String(seconds) });
}
