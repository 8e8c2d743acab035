import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import type { ApiObject } from '../../cluster/KubernetesObject';
import { signingKeySecret } from '../../storage/signRecords';
import {
  installationPasswordSecret,
  locationPasswordSecret,
  ownPasswordSecret,
  passwordSecretOf,
} from '../repositorySecrets';
import type { ExportedSecret } from './KeyExport';

/** How keys are looked for. */
export interface KeyOptions {
  client: ClusterClient;
  /** The control namespace. */
  namespace: string;
  signal: AbortSignal;
}

/** A Secret with a key. */
export interface KeySecret extends ApiObject {
  type?: string;
  immutable?: boolean;
  data?: Record<string, string>;
}

/** A Secret that belongs into an export. */
export interface FoundKey {
  secret: KeySecret;
  isPassword: boolean;
  repository?: ExportedSecret['repository'];
}

/**
 * All Secrets that exist with a password of repositories, and the one that signs backups. They are asked for by name: the engine
 * may not list Secrets.
 */
export async function keySecrets(options: KeyOptions): Promise<FoundKey[]> {
  const { client, namespace, signal } = options;
  const names = new Map<string, ExportedSecret['repository']>([
    [installationPasswordSecret, undefined],
  ]);
  for await (const location of client.list<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace, signal },
  )) {
    names.set(locationPasswordSecret(location.metadata.name ?? ''), undefined);
  }
  for await (const { metadata, spec, ...rest } of client.list<BackupRepository>(
    veleroTypes.backupRepositories,
    { namespace, signal },
  )) {
    const secret = passwordSecretOf({ metadata, spec, ...rest });
    if (secret === ownPasswordSecret(metadata.name ?? '')) {
      names.set(secret, {
        volumeNamespace: spec.volumeNamespace,
        location: spec.backupStorageLocation,
      });
    }
  }
  const found: FoundKey[] = [];
  for (const [name, repository] of [
    ...names,
    [signingKeySecret, undefined] as const,
  ]) {
    const secret = await client.get<KeySecret>(
      coreTypes.secrets,
      { namespace, name },
      { signal },
    );
    if (!secret) continue;
    found.push({
      secret,
      isPassword: name !== signingKeySecret,
      ...(repository ? { repository } : {}),
    });
  }
  return found;
}
