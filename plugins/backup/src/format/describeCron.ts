import cronstrue from 'cronstrue';
import 'cronstrue/locales/de';
import { Cron } from 'croner';

/**
 * A cron expression as a sentence ("At 02:00, Monday through Friday"), or the expression itself when it has none.
 *
 * @param expression - five fields, or a nickname such as `@daily`
 * @param locale - BCP 47 language; English where there is no translation
 */
export function describeCron(expression: string, locale: string): string {
  const language = locale.split('-')[0];
  const bare = expression.replace(/^(CRON_)?TZ=\S+\s+/, '').trim();
  const every = /^@every\s+(\S+)$/.exec(bare);
  if (every) {
    return bare;
  }
  try {
    return cronstrue.toString(bare, {
      locale: language === 'de' ? 'de' : 'en',
      use24HourTimeFormat: true,
      verbose: true,
    });
  } catch {
    return expression;
  }
}

/** The next runs of a cron expression, or why it is none. */
export type CronPreview =
  | { valid: true; next: number[] }
  | { valid: false; message: string };

/**
 * When a cron expression fires next.
 *
 * @param expression - five fields, or a nickname such as `@daily`
 * @param timeZone - IANA name of the zone that the fields are meant in
 * @param after - milliseconds since the epoch
 * @param count - how many times at most
 */
export function previewCron(
  expression: string,
  timeZone: string,
  after: number,
  count: number = 5,
): CronPreview {
  try {
    const cron = new Cron(expression.trim(), {
      timezone: timeZone,
      paused: true,
      mode: '5-part',
    });
    const next = cron
      .nextRuns(count, new Date(after))
      .map(date => date.getTime());
    return { valid: true, next };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      valid: false,
      message: message.replace(/^Cron(Pattern|Date)?:\s*/, ''),
    };
  }
}
