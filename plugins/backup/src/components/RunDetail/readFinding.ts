/** A message with the object that it is about, where it names one. */
export interface ReadFinding {
  /** Resource and name, e.g. `persistentvolumeclaims data-db-0`. */
  object?: string;
  message: string;
}

/**
 * Takes a result apart that Velero writes as `resource: /pods name: /web message: /It broke error: /why`.
 * Any other message stays as it is.
 */
export function readFinding(message: string): ReadFinding {
  const match =
    /^\s*resource: \/(\S+) name: \/(\S+) (?:message|error): \/(.+)$/s.exec(
      message,
    );
  return match
    ? {
        object: `${match[1]} ${match[2]}`,
        message: match[3].replace(/ error: \//, ': '),
      }
    : { message };
}
