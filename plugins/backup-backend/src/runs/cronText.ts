const prefix = /^(?:CRON_TZ|TZ)=(\S+)\s+(.*)$/s;

/** Cron expression and time zone of a Schedule's text, which may begin with `CRON_TZ=…`. */
export function splitCron(text: string): { cron: string; timeZone?: string } {
  const [, timeZone, cron] = prefix.exec(text.trim()) ?? [];
  return timeZone ? { cron, timeZone } : { cron: text };
}

/** The text of a Schedule for a cron expression in a time zone. */
export function joinCron(cron: string, timeZone?: string): string {
  return timeZone ? `CRON_TZ=${timeZone} ${cron}` : cron;
}
