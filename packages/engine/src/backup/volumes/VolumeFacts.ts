import type { BackupSpec } from '@lifeboat/velero-api';
import { isForbidden, isNotFound } from '../../cluster/ApiError';
import type { ClusterClient } from '../../cluster/ClusterClient';
import type { Discovery } from '../../cluster/Discovery';
import {
  coreTypes,
  snapshotTypes,
  storageTypes,
} from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { podFacts, PodFacts } from '../../volumes/decide/PodFacts';
import type {
  ClaimFacts,
  DecisionContext,
} from '../../volumes/decide/VolumeDecision';
import { stringAt } from '../jsonPath';
import type { RunLog } from '../RunLog';

/** Reads what decisions about volumes need, each thing once per run. */
export class VolumeFacts {
  private readonly pods = new Map<string, Promise<PodFacts[]>>();
  private readonly classes = new Map<
    string,
    Promise<ClaimFacts['storageClass']>
  >();
  private readonly namespaces = new Map<
    string,
    Promise<KubernetesObject | undefined>
  >();
  private snapshotsOfCluster?: Promise<DecisionContext['snapshots']>;

  constructor(
    private readonly options: {
      client: ClusterClient;
      discovery: Discovery;
      log: RunLog;
      signal: AbortSignal;
    },
  ) {}

  /** Everything that decides about a claim. */
  async of(claim: KubernetesObject): Promise<ClaimFacts> {
    const { namespace = '', name = '' } = claim.metadata;
    const className = stringAt(claim, 'spec', 'storageClassName');
    const volumeName = stringAt(claim, 'spec', 'volumeName');
    const [pods, storageClass, volume] = await Promise.all([
      this.podsOf(namespace),
      className ? this.storageClass(className) : ('missing' as const),
      volumeName ? this.volume(volumeName) : undefined,
    ]);
    return {
      claim,
      volume,
      storageClass,
      pods: pods.filter(pod => pod.volumes.some(each => each.claim === name)),
    };
  }

  /** Whether the cluster can make snapshots, and its classes of them. */
  snapshots(spec: BackupSpec): Promise<DecisionContext['snapshots']> {
    this.snapshotsOfCluster ??= this.readSnapshotClasses(spec);
    return this.snapshotsOfCluster;
  }

  /** Undefined when it does not exist. */
  namespace(name: string): Promise<KubernetesObject | undefined> {
    return once(this.namespaces, name, () =>
      this.options.client.get<KubernetesObject>(
        coreTypes.namespaces,
        { name },
        { signal: this.options.signal },
      ),
    );
  }

  private podsOf(namespace: string): Promise<PodFacts[]> {
    return once(this.pods, namespace, async () => {
      const found: PodFacts[] = [];
      const { client, signal, log } = this.options;
      try {
        for await (const pod of client.list<KubernetesObject>(coreTypes.pods, {
          namespace,
          signal,
        })) {
          const facts = podFacts(pod);
          if (facts.volumes.some(({ claim }) => claim)) {
            found.push(facts);
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        log.error('Error listing the pods that use volumes', {
          resource: 'pods',
          namespace,
          error: (error as Error).message,
        });
      }
      return found;
    });
  }

  private storageClass(name: string): Promise<ClaimFacts['storageClass']> {
    return once(this.classes, name, async () => {
      try {
        const found = await this.options.client.get<KubernetesObject>(
          storageTypes.storageClasses,
          { name },
          { signal: this.options.signal },
        );
        return found ?? 'missing';
      } catch (error) {
        if (isForbidden(error)) {
          return 'unknown';
        }
        throw error;
      }
    });
  }

  private async volume(name: string): Promise<KubernetesObject | undefined> {
    try {
      return await this.options.client.get<KubernetesObject>(
        coreTypes.persistentVolumes,
        { name },
        { signal: this.options.signal },
      );
    } catch (error) {
      if (isForbidden(error)) {
        return undefined;
      }
      throw error;
    }
  }

  private async readSnapshotClasses(
    spec: BackupSpec,
  ): Promise<DecisionContext['snapshots']> {
    const { client, discovery, signal } = this.options;
    const isServed = discovery.all.some(
      type =>
        type.group === snapshotTypes.volumeSnapshots.group &&
        type.version === snapshotTypes.volumeSnapshots.version &&
        type.resource === snapshotTypes.volumeSnapshots.resource,
    );
    if (!isServed) {
      return {
        classes: [],
        problem:
          'the cluster has no VolumeSnapshots (snapshot.storage.k8s.io/v1), so that no snapshot can be made',
      };
    }
    if (spec.snapshotVolumes === false && !spec.resourcePolicy) {
      return { classes: [] };
    }
    try {
      const classes: KubernetesObject[] = [];
      for await (const each of client.list<KubernetesObject>(
        snapshotTypes.volumeSnapshotClasses,
        { signal },
      )) {
        classes.push(each);
      }
      return { classes };
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) {
        throw error;
      }
      return {
        classes: [],
        problem: `the engine may not read VolumeSnapshotClasses (${
          (error as Error).message
        }); the platform team gives it the ClusterRole of deploy/engine/read`,
      };
    }
  }
}

function once<T>(
  cache: Map<string, Promise<T>>,
  key: string,
  read: () => Promise<T>,
): Promise<T> {
  let known = cache.get(key);
  if (!known) {
    known = read();
    known.catch(() => cache.delete(key));
    cache.set(key, known);
  }
  return known;
}
