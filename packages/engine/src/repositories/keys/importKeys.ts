import type { BackupRepository } from '@lifeboat/velero-api';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import { rfc3339 } from '../../controllers/rfc3339';
import { checkRequestedAnnotation } from '../checkedLocation';
import { repositoryName } from '../findRepository';
import {
  installationPasswordSecret,
  locationPasswordSecret,
  ownPasswordSecret,
  repositoryPasswordKey,
} from '../repositorySecrets';
import { recordExport } from './exportRecord';
import type { ExportedSecret, KeyExport } from './KeyExport';
import type { KeyOptions, KeySecret } from './keySecrets';

/** What became of one exported Secret. */
export interface ImportedSecret {
  name: string;
  outcome: 'created' | 'present' | 'differs';
}

/**
 * Brings exported keys into a cluster. A Secret that exists is never changed. Repositories that could not be opened are looked at
 * again at once.
 *
 * @param options - `location`: import only passwords, for the repositories of this location, beside those of this installation;
 *   `now` is in milliseconds since 1970
 */
export async function importKeys(
  exported: KeyExport,
  options: KeyOptions & { location?: string; now: number },
): Promise<ImportedSecret[]> {
  const { client, namespace, signal, location, now } = options;
  const wanted = location
    ? exported.secrets.flatMap(secret => forLocation(secret, location))
    : exported.secrets;
  const results: ImportedSecret[] = [];
  const present: KeySecret[] = [];
  for (const { name, data } of wanted) {
    const existing = await client.get<KeySecret>(
      coreTypes.secrets,
      { namespace, name },
      { signal },
    );
    if (existing) {
      const isSame = Object.entries(data).every(
        ([key, value]) => trimmed(existing.data?.[key]) === trimmed(value),
      );
      results.push({ name, outcome: isSame ? 'present' : 'differs' });
      if (isSame) present.push(existing);
      continue;
    }
    present.push(
      await client.create<KeySecret>(
        coreTypes.secrets,
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { namespace, name },
          type: 'Opaque',
          immutable: true,
          data,
        },
        { signal },
      ),
    );
    results.push({ name, outcome: 'created' });
  }
  await recordExport(options, present, rfc3339(now));
  await requestChecks(options, now);
  return results;
}

/** Passwords under the names by which a location's repositories find them. */
function forLocation(
  { name, data, repository }: ExportedSecret,
  location: string,
): ExportedSecret[] {
  if (!(repositoryPasswordKey in data)) return [];
  if (repository) {
    const { volumeNamespace } = repository;
    const key = { volumeNamespace, location };
    return [
      { name: ownPasswordSecret(repositoryName(key)), repository: key, data },
    ];
  }
  return name === installationPasswordSecret
    ? [{ name: locationPasswordSecret(location), data }]
    : [];
}

/** Blanks around a password do not count. */
function trimmed(value: string | undefined): string {
  return Buffer.from(value ?? '', 'base64')
    .toString('latin1')
    .trim();
}

async function requestChecks(
  { client, namespace, signal }: KeyOptions,
  now: number,
): Promise<void> {
  for await (const { metadata, status } of client.list<BackupRepository>(
    veleroTypes.backupRepositories,
    { namespace, signal },
  )) {
    if (status?.phase !== 'NotReady') continue;
    await client.patch(
      veleroTypes.backupRepositories,
      { namespace, name: metadata.name ?? '' },
      {
        contentType: 'merge',
        body: {
          metadata: {
            annotations: { [checkRequestedAnnotation]: rfc3339(now) },
          },
        },
      },
      { signal },
    );
  }
}
