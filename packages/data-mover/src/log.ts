/** Where a mover says what it does: one JSON object per line on standard error. */
export interface Log {
  (level: 'info' | 'warn' | 'error', message: string, fields?: object): void;
}

/**
 * A text without the given secrets, for messages of libraries that may quote what they were given.
 */
export function withoutSecrets(
  text: string,
  secrets: readonly string[],
): string {
  return secrets
    .filter(secret => secret.length > 0)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.split(secret).join('***'), text);
}

/** Writes log lines, never with one of the secrets, which may become known later on. */
export function jsonLog(
  write: (line: string) => void,
  secrets: readonly string[],
): Log {
  return (level, message, fields) =>
    write(
      `${withoutSecrets(
        JSON.stringify({
          time: new Date().toISOString(),
          level,
          message,
          ...fields,
        }),
        secrets,
      )}\n`,
    );
}
