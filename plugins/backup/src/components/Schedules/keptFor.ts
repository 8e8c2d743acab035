import { Translate } from '../../translations/useTranslate';

/** `720h0m0s` in hours; undefined when it is no duration. */
function hoursOf(ttl: string): number | undefined {
  const parts = [...ttl.matchAll(/([0-9]+(?:\.[0-9]+)?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== ttl) {
    return undefined;
  }
  const perHour = { h: 1, m: 60, s: 3600 };
  return parts.reduce(
    (sum, [, number, unit]) =>
      sum + Number(number) / perHour[unit as keyof typeof perHour],
    0,
  );
}

/** How long points are kept, in words: "30 days", "12 h"; the platform's default when absent. */
export function keptFor(ttl: string | undefined, t: Translate): string {
  if (!ttl) {
    return t('schedules.default');
  }
  const hours = hoursOf(ttl);
  if (hours === undefined) {
    return ttl;
  }
  return hours >= 24 && hours % 24 === 0
    ? t('scheduleForm.keptDays', { count: hours / 24 })
    : t('time.duration.hours', {
        hours: String(Math.floor(hours)),
        minutes: String(Math.round((hours % 1) * 60)),
      });
}
