import { Translate } from '../translations/useTranslate';

/** Where and in which language times are shown. */
export interface TimeDisplay {
  /** BCP 47 language. */
  locale: string;
  /** IANA time zone; the viewer's own when absent. */
  timeZone?: string;
}

/** Date, time and zone in full: `23 Nov 2026, 08:12:05 CET`. For details and for tooltips. */
export function formatAbsoluteTime(time: number, display: TimeDisplay): string {
  return new Intl.DateTimeFormat(display.locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone: display.timeZone,
  }).format(time);
}

function calendarDay(time: number, timeZone?: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    timeZone,
  }).format(time);
  return Date.parse(`${parts}T00:00:00Z`) / 86_400_000;
}

/**
 * A time as one says it: `today 08:12`, `yesterday 02:00`, `Mon 02:00` within a week ahead, else the date.
 *
 * @param time - milliseconds since the epoch
 * @param now - milliseconds since the epoch
 */
export function formatCalendarTime(
  time: number,
  now: number,
  display: TimeDisplay,
  t: Translate,
): string {
  const { locale, timeZone } = display;
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(time);
  const distance = calendarDay(time, timeZone) - calendarDay(now, timeZone);
  if (distance === 0) {
    return t('time.today', { time: clock });
  }
  if (distance === -1) {
    return t('time.yesterday', { time: clock });
  }
  if (distance === 1) {
    return t('time.tomorrow', { time: clock });
  }
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale, {
    weekday: distance > 0 && distance < 7 ? 'short' : undefined,
    day: 'numeric',
    month: 'short',
    year: sameYear ? undefined : 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(time);
}

/** The day alone: `22 Dec`, with the year when it is not this one. */
export function formatDay(
  time: number,
  now: number,
  display: TimeDisplay,
): string {
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(display.locale, {
    day: 'numeric',
    month: 'short',
    year: sameYear ? undefined : 'numeric',
    timeZone: display.timeZone,
  }).format(time);
}
