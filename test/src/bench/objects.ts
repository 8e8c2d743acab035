import { coreTypes } from '@lifeboat/engine';
import type { Backup, Restore } from '@lifeboat/velero-api';
import { ensureNamespace } from '../cluster/ensureNamespace';
import { startDevCluster } from '../cluster/startDevCluster';
import { EngineStage } from '../engine/EngineStage';
import { median } from './median';
import { peakMemory } from './peakMemory';

const mebibyte = 1024 ** 2;
const kibibyte = 1024;
const timeoutMs = 600_000;

export interface ObjectsBenchOptions {
  /** How many ConfigMaps the namespace holds. */
  count: number;
  /** Bytes of data in each. */
  bytes: number;
  /** Counted runs of each kind, after one that is not counted. */
  runs: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

function expectCompleted(run: Backup | Restore): void {
  if (run.status?.phase !== 'Completed') {
    throw new Error(
      `${run.kind} ${run.metadata.name} ended ${JSON.stringify(run.status)}`,
    );
  }
}

/**
 * Backs a namespace of many objects up into a folder and restores it into new namespaces, on the embedded cluster.
 * Prints medians of the seconds, objects per second and the engine's peak memory. The seconds count from the creation
 * of the resource to the moment its terminal phase is seen, so the cluster's own work is in them.
 */
export async function benchObjects(
  options: ObjectsBenchOptions,
  print: (line: string) => void,
): Promise<void> {
  const { count, bytes, runs } = options;
  const stage = await EngineStage.start(() => startDevCluster());
  try {
    await ensureNamespace(stage.client, 'bench');
    const text = 'x'.repeat(bytes);
    for (let index = 0; index < count; index += 1) {
      await stage.client.create(
        coreTypes.configMaps,
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `object-${index}`, namespace: 'bench' },
          data: { text },
        },
        {},
      );
    }
    print(
      `${count} ConfigMaps of ${(bytes / kibibyte).toFixed(
        1,
      )} KiB, ${runs} runs after one that is not counted`,
    );
    const backups: number[] = [];
    const restores: number[] = [];
    for (let run = 0; run <= runs; run += 1) {
      const name = `bench-${run}`;
      const backup = await timed(async () => {
        await stage.createBackup(name, { includedNamespaces: ['bench'] });
        expectCompleted(await stage.backupEnd(name, timeoutMs));
      });
      const restore = await timed(async () => {
        await stage.createRestore(name, {
          backupName: name,
          namespaceMapping: { bench: `bench-copy-${run}` },
        });
        expectCompleted(await stage.restoreEnd(name, timeoutMs));
      });
      if (run > 0) {
        backups.push(backup);
        restores.push(restore);
      }
    }
    const row = (name: string, seconds: number[]) =>
      print(
        `${name.padEnd(8)} median ${median(seconds).toFixed(2)} s  [${Math.min(
          ...seconds,
        ).toFixed(2)}–${Math.max(...seconds).toFixed(2)}]  ${Math.round(
          count / median(seconds),
        )} objects/s`,
      );
    row('backup', backups);
    row('restore', restores);
    const peak = peakMemory(stage.engine.pid);
    print(
      `engine   peak memory ${
        peak === undefined
          ? 'unknown on this system'
          : `${Math.round(peak / mebibyte)} MiB`
      }`,
    );
  } finally {
    await stage.stop();
  }
}
