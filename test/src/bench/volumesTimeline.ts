import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import {
  coreTypes,
  snapshotTypes,
  veleroTypes,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import { DataPathStage } from '../volumes/DataPathStage';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

const namespace = 'timeline';
const claims = ['first', 'second'];
const bytesPerClaim = 16 * 1024 ** 2;
const timeoutMs = 300_000;

interface Moment {
  atMs: number;
  what: string;
}

interface Observed extends KubernetesObject {
  status?: {
    phase?: string;
    readyToUse?: boolean;
    creationTime?: unknown;
  };
}

/** What a change of an object means for somebody who waits; the same text stands for the same moment. */
export function momentOf(kind: string, object: Observed): string | undefined {
  const name = object.metadata.name ?? '';
  const { status } = object;
  if (kind === 'VolumeSnapshot') {
    if (status?.readyToUse) return `${kind} ${name} ready`;
    return `${kind} ${name} ${status?.creationTime ? 'cut' : 'created'}`;
  }
  return status?.phase ? `${kind} ${name} ${status.phase}` : undefined;
}

/**
 * Backs a namespace with two small volumes up and restores it, on the embedded cluster with real movers, and prints each change of
 * phase with its time: where the seconds go.
 */
export async function benchTimeline(
  print: (line: string) => void,
): Promise<void> {
  const stage = await DataPathStage.start(startVolumeCluster);
  const stopping = new AbortController();
  try {
    await stage.createNamespace(namespace);
    for (const claim of claims) {
      const folder = await stage.makeVolume(namespace, claim);
      writeFileSync(path.join(folder, 'data'), randomBytes(bytesPerClaim));
    }
    const moments: Moment[] = [];
    const watched: [string, ResourceTypeRef][] = [
      ['Backup', veleroTypes.backups],
      ['Restore', veleroTypes.restores],
      ['DataUpload', veleroTypes.dataUploads],
      ['DataDownload', veleroTypes.dataDownloads],
      ['VolumeSnapshot', snapshotTypes.volumeSnapshots],
      ['Pod', coreTypes.pods],
      ['PersistentVolumeClaim', coreTypes.persistentVolumeClaims],
    ];
    const watching = watched.map(([kind, type]) =>
      watch(stage, kind, type, moments, stopping.signal),
    );
    const first = await timed(moments, async () => {
      await stage.stage.createBackup('timeline', {
        includedNamespaces: [namespace],
        snapshotMoveData: true,
      });
      expectCompleted(await stage.stage.backupEnd('timeline', timeoutMs));
    });
    report('backup', first, print);
    const second = await timed(moments, async () => {
      await stage.stage.createRestore('timeline', {
        backupName: 'timeline',
        namespaceMapping: { [namespace]: `${namespace}-copy` },
      });
      expectCompleted(await stage.stage.restoreEnd('timeline', timeoutMs));
    });
    report('restore', second, print);
    stopping.abort();
    await Promise.all(watching);
  } finally {
    stopping.abort();
    await stage.stop();
  }
}

async function watch(
  stage: DataPathStage,
  kind: string,
  type: ResourceTypeRef,
  moments: Moment[],
  signal: AbortSignal,
): Promise<void> {
  const seen = new Set<string>();
  try {
    for await (const event of stage.client.watch<Observed>(type, { signal })) {
      if (event.type === 'synced') continue;
      const what =
        event.type === 'deleted'
          ? `${kind} ${event.object.metadata.name} gone`
          : momentOf(kind, event.object);
      const key = `${event.object.metadata.uid} ${what}`;
      if (!what || seen.has(key)) continue;
      seen.add(key);
      moments.push({ atMs: performance.now(), what });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function timed(
  moments: Moment[],
  work: () => Promise<void>,
): Promise<Moment[]> {
  moments.length = 0;
  const began = performance.now();
  await work();
  return moments.map(({ atMs, what }) => ({ atMs: atMs - began, what }));
}

function report(
  name: string,
  moments: Moment[],
  print: (line: string) => void,
): void {
  print(`${name}: two volumes of ${bytesPerClaim / 1024 ** 2} MiB`);
  for (const { atMs, what } of moments) {
    print(`  ${(atMs / 1000).toFixed(2).padStart(6)} s  ${what}`);
  }
}

function expectCompleted(run: {
  kind: string;
  status?: { phase?: string };
}): void {
  if (run.status?.phase !== 'Completed') {
    throw new Error(`${run.kind} ended ${JSON.stringify(run.status)}`);
  }
}
