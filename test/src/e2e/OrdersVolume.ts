import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClusterClient,
  coreTypes,
  createClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import { demoState } from './startDemo';

const mebibyte = 1024 ** 2;
const controlNamespace = 'openshift-adp';
const sliceMs = 400;

interface Pod extends KubernetesObject {
  status?: {
    containerStatuses?: {
      containerID?: string;
      state?: { running?: object };
    }[];
  };
}

interface Claim extends KubernetesObject {
  spec: { volumeName: string };
}

const demoClient = (url: string) =>
  createClusterClient({
    name: 'demo',
    kubeconfig: join(demoState(url), 'kubeconfig'),
  });

const ordersClaim = (client: ClusterClient) =>
  client.get<Claim>(coreTypes.persistentVolumeClaims, {
    namespace: 'shop',
    name: 'data-db-0',
  });

/** Name of the PersistentVolume that the demo's database is bound to. */
export async function boundVolume(url: string): Promise<string | undefined> {
  return (await ordersClaim(demoClient(url)))?.spec.volumeName;
}

/** Movers that get only a part of the time, until they are let go. */
export interface SlowMovers {
  /** Gives them no time at all, so that a page that shows their progress can be looked at, until `goOn`. */
  hold(): void;
  goOn(): void;
  letGo(): Promise<void>;
}

/** The volume of the demo's database, and the pods that move its data. */
export class OrdersVolume {
  private constructor(
    private readonly client: ClusterClient,
    private readonly file: string,
  ) {}

  /** @param url - of a demo that runs on this machine */
  static async open(url: string): Promise<OrdersVolume> {
    const client = demoClient(url);
    const pod = await client.get(coreTypes.pods, {
      namespace: 'shop',
      name: 'db-0',
    });
    const claim = await ordersClaim(client);
    for await (const node of client.list(coreTypes.nodes)) {
      const pods =
        node.metadata.annotations?.['dev-cluster.lifeboat.dev/pods-path'];
      if (pods && pod && claim) {
        return new OrdersVolume(
          client,
          join(
            pods,
            pod.metadata.uid!,
            'volumes/kubernetes.io~csi',
            claim.spec.volumeName,
            'mount/archive.bin',
          ),
        );
      }
    }
    throw new Error(
      `The demo at ${url} has no database in an embedded cluster`,
    );
  }

  /** Puts a file of random bytes beside the database: nothing of it is in the storage yet, and nothing can be compressed. */
  fill(mebibytes: number): void {
    const file = openSync(this.file, 'w');
    try {
      for (let written = 0; written < mebibytes; written++) {
        writeSync(file, randomBytes(mebibyte));
      }
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.file, { force: true });
  }

  /** @param share - of the time, 0 to 1 */
  slowMovers(share: number): SlowMovers {
    const stopping = new AbortController();
    const touched = new Set<number>();
    let held = false;
    const signal = (pids: number[], name: 'SIGSTOP' | 'SIGCONT') => {
      for (const pid of pids) {
        try {
          process.kill(pid, name);
          touched.add(pid);
        } catch {
          // It has ended meanwhile.
        }
      }
    };
    const slowing = (async () => {
      while (!stopping.signal.aborted) {
        const pids = await this.#moverProcesses();
        signal(pids, 'SIGSTOP');
        await sleep(sliceMs * (1 - share));
        if (!held) {
          signal(pids, 'SIGCONT');
          await sleep(sliceMs * share);
        }
      }
    })().finally(() => signal([...touched], 'SIGCONT'));
    return {
      hold: () => {
        held = true;
      },
      goOn: () => {
        held = false;
      },
      letGo: () => {
        stopping.abort();
        return slowing;
      },
    };
  }

  async #moverProcesses(): Promise<number[]> {
    const processes: number[] = [];
    for await (const pod of this.client.list<Pod>(coreTypes.pods, {
      namespace: controlNamespace,
    })) {
      for (const { containerID, state } of pod.status?.containerStatuses ??
        []) {
        const pid = Number(/-(\d+)$/.exec(containerID ?? '')?.[1]);
        if (state?.running && pid > 1) {
          processes.push(pid);
        }
      }
    }
    return processes;
  }
}
