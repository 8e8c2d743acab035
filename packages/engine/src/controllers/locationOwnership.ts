import { isForbidden } from '../cluster/ApiError';
import type { ClusterClient } from '../cluster/ClusterClient';
import { coreTypes } from '../cluster/knownTypes';
import type { Clock } from '../cluster/Clock';
import { ObjectNotFoundError } from '../storage/ObjectStore';
import type { BackupStore } from '../storage/BackupStore';
import { rfc3339 } from './rfc3339';

/** Who looks after the expiry and maintenance of a location. */
export interface OwnerRecord {
  clusterId: string;
  clusterName: string;
  claimedAt: string;
}

const maxRecordBytes = 64 * 1024;
const settleMs = 1_000;

/**
 * Reads who owns the expiry of a location, and claims it when nobody does. The
 * record lies in the storage itself, below `metadata/lifeboat/`, where every
 * cluster sees it. An admin hands over by deleting it.
 */
export async function claimLocation(
  store: BackupStore,
  context: {
    client: ClusterClient;
    namespace: string;
    clusterName: string;
    clock: Clock;
    signal: AbortSignal;
  },
): Promise<{ ours: boolean; record: OwnerRecord; key: string }> {
  const { clock, signal } = context;
  const key = store.keys.lifeboatMetadata('expiry-owner.json');
  const clusterId = await clusterIdentity(context);
  let record = await readRecord(store, key, signal);
  if (!record) {
    const claim: OwnerRecord = {
      clusterId,
      clusterName: context.clusterName,
      claimedAt: rfc3339(clock.now()),
    };
    await store.objects.put(key, Buffer.from(`${JSON.stringify(claim)}\n`), {
      signal,
    });
    // Two clusters may claim at the same moment: the last one written stays.
    await clock.sleep(settleMs, signal);
    record = (await readRecord(store, key, signal)) ?? claim;
  }
  return { ours: record.clusterId === clusterId, record, key };
}

/**
 * What tells a cluster from others: the UID of kube-system, as everywhere in
 * Kubernetes; where that may not be read, the UID of the control namespace.
 */
export async function clusterIdentity(options: {
  client: ClusterClient;
  namespace: string;
  signal: AbortSignal;
}): Promise<string> {
  const { client, namespace, signal } = options;
  for (const name of ['kube-system', namespace]) {
    try {
      const found = await client.get(
        coreTypes.namespaces,
        { name },
        { signal },
      );
      if (found?.metadata.uid) return found.metadata.uid;
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
  }
  throw new Error(
    `Neither namespace kube-system nor ${namespace} may be read, so the cluster cannot be told from others`,
  );
}

async function readRecord(
  store: BackupStore,
  key: string,
  signal: AbortSignal,
): Promise<OwnerRecord | undefined> {
  try {
    const body = await store.objects.get(key, {
      signal,
      range: { start: 0, end: maxRecordBytes - 1 },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    const value = JSON.parse(
      Buffer.concat(chunks).toString('utf8'),
    ) as Partial<OwnerRecord>;
    if (typeof value.clusterId !== 'string' || value.clusterId === '') {
      throw new Error('it names no cluster');
    }
    return {
      clusterId: value.clusterId,
      clusterName: String(value.clusterName ?? value.clusterId),
      claimedAt: String(value.claimedAt ?? ''),
    };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw new Error(
      `${key} in the storage cannot be used: ${(error as Error).message}`,
    );
  }
}
