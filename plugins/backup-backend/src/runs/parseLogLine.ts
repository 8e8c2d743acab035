import type { LogLine } from '@lifeboat/backstage-plugin-backup-common';
import { maskSecrets } from './maskSecrets';

const field = /([A-Za-z0-9_.-]+)=("(?:[^"\\]|\\.)*"|\S*)/g;

/** Longest message that is shown; what is longer is cut with a mark. */
export const maximumMessageLength = 4000;

function unquote(value: string): string {
  if (!value.startsWith('"')) {
    return value;
  }
  try {
    return JSON.parse(value) as string;
  } catch {
    return value.slice(1, -1);
  }
}

function bounded(text: string): string {
  return text.length > maximumMessageLength
    ? `${text.slice(0, maximumMessageLength)}…`
    : text;
}

/**
 * One line of a run's log, in logrus' text format (`time="…" level=info msg="…"
 * name=value`). Further fields stand behind the message; source locations are
 * dropped. Lines in another format are kept as they are.
 *
 * @param namespaces - lines about objects in other namespaces give undefined
 */
export function parseLogLine(
  line: string,
  namespaces?: readonly string[],
): LogLine | undefined {
  const fields = new Map<string, string>();
  for (const [, name, value] of line.matchAll(field)) {
    if (!fields.has(name)) {
      fields.set(name, unquote(value));
    }
  }
  const namespace = fields.get('namespace');
  if (namespaces && namespace && !namespaces.includes(namespace)) {
    return undefined;
  }
  const message = fields.get('msg');
  if (message === undefined) {
    return { message: bounded(maskSecrets(line)) };
  }
  const time = fields.get('time');
  const level = fields.get('level');
  const others = [...fields]
    .filter(
      ([name]) =>
        !['msg', 'time', 'level', 'logSource', 'backup', 'restore'].includes(
          name,
        ),
    )
    .map(([name, value]) => `${name}=${value}`);
  return {
    ...(time && { time }),
    ...(level && { level }),
    message: bounded(maskSecrets([message, ...others].join(' '))),
  };
}
