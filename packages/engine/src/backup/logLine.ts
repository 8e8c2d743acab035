/** Severity of a line in a run's log, in logrus' spelling. */
export type LogLevel = 'info' | 'warning' | 'error';

/** Further facts of a log line; absent values are left out. */
export type LogFields = { [field: string]: string | number | undefined };

const plain = /^[A-Za-z0-9\-._/@^+]+$/;

function quoted(value: string): string {
  return plain.test(value) ? value : JSON.stringify(value);
}

/**
 * One line in logrus' text format, as `velero backup logs` shows it: `time="…" level=info msg="…" field=value`.
 *
 * @param time - moment of the line; written in whole seconds
 */
export function logLine(
  time: Date,
  level: LogLevel,
  message: string,
  fields: LogFields = {},
): string {
  const seconds = time.toISOString().replace(/\.\d+Z$/, 'Z');
  const rest = Object.keys(fields)
    .filter(key => fields[key] !== undefined && fields[key] !== '')
    .sort()
    .map(key => ` ${key}=${quoted(String(fields[key]))}`)
    .join('');
  return `time="${seconds}" level=${level} msg=${quoted(message)}${rest}`;
}
