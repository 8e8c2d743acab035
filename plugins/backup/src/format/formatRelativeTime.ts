import { Translate } from '../translations/useTranslate';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * A time as seen from now, in one unit: `42 min ago`, `in 3 h`, `just now`.
 *
 * @param time - milliseconds since the epoch
 * @param now - milliseconds since the epoch
 */
export function formatRelativeTime(
  time: number,
  now: number,
  t: Translate,
): string {
  const distance = Math.abs(now - time);
  if (distance < 5 * second) {
    return t('time.justNow');
  }
  const past = time < now;
  if (distance < minute) {
    const count = Math.floor(distance / second);
    return past
      ? t('time.secondsAgo', { count })
      : t('time.inSeconds', { count });
  }
  if (distance < hour) {
    const count = Math.floor(distance / minute);
    return past
      ? t('time.minutesAgo', { count })
      : t('time.inMinutes', { count });
  }
  if (distance < 2 * day) {
    const count = Math.floor(distance / hour);
    return past ? t('time.hoursAgo', { count }) : t('time.inHours', { count });
  }
  const count = Math.floor(distance / day);
  return past ? t('time.daysAgo', { count }) : t('time.inDays', { count });
}
