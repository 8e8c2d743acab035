/**
 * The command that a pod's annotation asks for: a JSON list of strings, or else the name of one program; no shell has a part in it.
 *
 * Source: Velero, hooks of backups and restores.
 */
export function hookCommand(text: string): string[] {
  if (text.startsWith('[')) {
    try {
      const parts: unknown = JSON.parse(text);
      if (
        Array.isArray(parts) &&
        parts.length > 0 &&
        parts.every(part => typeof part === 'string')
      ) {
        return parts as string[];
      }
    } catch {
      // Then it is the name of a program, however odd.
    }
  }
  return [text];
}
