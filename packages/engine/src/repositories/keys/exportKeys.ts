import { loadRecordSigner } from '../../storage/signRecords';
import { rfc3339 } from '../../controllers/rfc3339';
import { ensurePassword } from '../passwords';
import { installationPasswordSecret } from '../repositorySecrets';
import { recordExport } from './exportRecord';
import type { KeyExport } from './KeyExport';
import { keySecrets, type KeyOptions } from './keySecrets';

/**
 * Reads all keys of an installation.
 *
 * @param options - `create` makes the password of the installation and its signing key where they are absent, so that they can be
 *   exported before the first backup; `now` is in milliseconds since 1970
 * @returns the export, and what notes in the cluster that it was made: to be called once it is in a safe place
 * @throws Error when there is nothing to export
 */
export async function exportKeys(
  options: KeyOptions & { create: boolean; now: number },
): Promise<{ exported: KeyExport; record(): Promise<void> }> {
  const { namespace, now } = options;
  if (options.create) {
    await ensurePassword(installationPasswordSecret, options);
    await loadRecordSigner(options);
  }
  const keys = await keySecrets(options);
  if (keys.length === 0) {
    throw new Error(
      `There are no keys in namespace ${namespace} yet. Make them now with --create, unless you are about to import those of another installation`,
    );
  }
  const exportedAt = rfc3339(now);
  return {
    exported: {
      kind: 'LifeboatKeys',
      version: 1,
      exportedAt,
      namespace,
      secrets: keys.map(({ secret, repository }) => ({
        name: secret.metadata.name ?? '',
        ...(repository ? { repository } : {}),
        data: secret.data ?? {},
      })),
    },
    record: () =>
      recordExport(
        options,
        keys.map(({ secret }) => secret),
        exportedAt,
      ),
  };
}
