/** One Secret in an export. */
export interface ExportedSecret {
  name: string;
  /** The repository whose own password it is. */
  repository?: { volumeNamespace: string; location: string };
  /** Values in base64, as in the Secret. */
  data: Record<string, string>;
}

/** Everything without which volume data cannot be read and backups cannot be verified. */
export interface KeyExport {
  kind: 'LifeboatKeys';
  version: 1;
  exportedAt: string;
  /** The control namespace. */
  namespace: string;
  secrets: ExportedSecret[];
}

const longestName = 253;

/**
 * Reads an export.
 *
 * @throws Error that says why it is none; it quotes nothing of it
 */
export function readKeyExport(text: string): KeyExport {
  let value: Partial<KeyExport>;
  try {
    value = JSON.parse(text) as Partial<KeyExport>;
  } catch {
    throw new Error('The file is no export of keys: it is not JSON');
  }
  if (value?.kind !== 'LifeboatKeys' || !Array.isArray(value.secrets)) {
    throw new Error('The file is no export of keys');
  }
  if (value.version !== 1) {
    throw new Error(
      'The file was exported by a newer version; import it with that one',
    );
  }
  for (const secret of value.secrets) {
    const isSound =
      typeof secret?.name === 'string' &&
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(secret.name) &&
      secret.name.length <= longestName &&
      typeof secret.data === 'object' &&
      secret.data !== null &&
      Object.values(secret.data).every(each => typeof each === 'string');
    if (!isSound) throw new Error('The export of keys is damaged');
  }
  return value as KeyExport;
}
