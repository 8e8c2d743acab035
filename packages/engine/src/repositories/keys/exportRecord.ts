import { isAlreadyExists } from '../../cluster/ApiError';
import { coreTypes } from '../../cluster/knownTypes';
import type { ApiObject } from '../../cluster/KubernetesObject';
import type { FoundKey, KeyOptions } from './keySecrets';

/** The ConfigMap that says which keys were exported, in the control namespace. @public */
export const keyExportRecord = 'lifeboat-key-export';

interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
}

/**
 * Notes that keys were exported: by name of the Secret, its UID and the time. A Secret of another UID is another key, of which
 * nothing was exported yet.
 *
 * @param at - RFC 3339
 */
export async function recordExport(
  { client, namespace, signal }: KeyOptions,
  secrets: readonly ApiObject[],
  at: string,
): Promise<void> {
  const data = Object.fromEntries(
    secrets.map(({ metadata }) => [
      metadata.name ?? '',
      `${metadata.uid} ${at}`,
    ]),
  );
  try {
    await client.create<ConfigMap>(
      coreTypes.configMaps,
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace, name: keyExportRecord },
        data,
      },
      { signal },
    );
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await client.patch<ConfigMap>(
      coreTypes.configMaps,
      { namespace, name: keyExportRecord },
      { contentType: 'merge', body: { data } },
      { signal },
    );
  }
}

/** Those of some keys of which no export is known. */
export async function notExported(
  { client, namespace, signal }: KeyOptions,
  keys: readonly FoundKey[],
): Promise<FoundKey[]> {
  const record = await client.get<ConfigMap>(
    coreTypes.configMaps,
    { namespace, name: keyExportRecord },
    { signal },
  );
  return keys.filter(({ secret: { metadata } }) => {
    const noted = record?.data?.[metadata.name ?? ''] ?? '';
    return noted.split(' ')[0] !== metadata.uid;
  });
}
