import { useLanguage } from '../../hooks/useLanguage';
import { useNow } from '../../hooks/useNow';
import {
  formatAbsoluteTime,
  formatCalendarTime,
  formatDay,
} from '../../format/formatDateTime';
import { formatRelativeTime } from '../../format/formatRelativeTime';
import { useTranslate } from '../../translations/useTranslate';

/** How a time reads: "42 min ago", "today 08:12", "22 Dec", or date, time and zone in full. */
export type TimeStyle = 'relative' | 'calendar' | 'day' | 'absolute';

export interface RelativeTimeProps {
  /** RFC 3339. */
  time: string;
  style?: TimeStyle;
}

/** A time in the viewer's zone; date, time and zone in full on hover. */
export function RelativeTime({ time, style = 'relative' }: RelativeTimeProps) {
  const t = useTranslate();
  const display = { locale: useLanguage() };
  const now = useNow();
  const value = Date.parse(time);
  if (Number.isNaN(value)) {
    return <span>{time}</span>;
  }
  const absolute = formatAbsoluteTime(value, display);
  const text = {
    relative: () => formatRelativeTime(value, now, t),
    calendar: () => formatCalendarTime(value, now, display, t),
    day: () => formatDay(value, now, display),
    absolute: () => absolute,
  }[style]();
  return (
    <time dateTime={time} title={absolute}>
      {text}
    </time>
  );
}
