import { openRepositoryStorage } from '@lifeboat/data-mover';
import {
  storageProvider,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { ControllerContext } from '../controllers/Controller';
import type { BackupStore } from '../storage/BackupStore';
import {
  readCertificateAuthority,
  readCredentialsText,
} from '../storage/locationSecrets';

const formatBlob = 'kopia.repository';
const mostRepositories = 10_000;

/**
 * The namespaces that have something below `kopia/` in a location, whoever wrote it. Directories that cannot be those of a
 * namespace are left out.
 */
export async function storedRepositories(
  store: BackupStore,
  signal: AbortSignal,
): Promise<string[]> {
  const { kopiaDirectory } = store.keys;
  const namespaces: string[] = [];
  for await (const directory of store.objects.listDirectories(kopiaDirectory, {
    signal,
  })) {
    const name = directory.slice(kopiaDirectory.length, -1);
    if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
      namespaces.push(name);
    if (namespaces.length === mostRepositories) break;
  }
  return namespaces;
}

/** Storage of one namespace's repository, with what the location's Secrets hold. */
export async function repositoryStorageOptions(
  context: Pick<ControllerContext, 'client' | 'namespace'>,
  location: BackupStorageLocation,
  volumeNamespace: string,
  signal: AbortSignal,
) {
  const options = { location, volumeNamespace };
  if (storageProvider(location.spec) === 'filesystem') return options;
  const secrets = {
    client: context.client,
    namespace: context.namespace,
    signal,
  };
  const [credentials, certificateAuthority] = await Promise.all([
    readCredentialsText(location, secrets),
    readCertificateAuthority(location, secrets),
  ]);
  return {
    ...options,
    credentials,
    ...(certificateAuthority ? { certificateAuthority } : {}),
  };
}

/** Whether a location holds the repository of a namespace; its password does not matter. */
export async function isRepositoryStored(
  context: Pick<ControllerContext, 'client' | 'namespace'>,
  location: BackupStorageLocation,
  volumeNamespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const storage = await openRepositoryStorage(
    await repositoryStorageOptions(context, location, volumeNamespace, signal),
  );
  try {
    return (await storage.stat(formatBlob, { signal })) !== undefined;
  } finally {
    await storage.close();
  }
}
