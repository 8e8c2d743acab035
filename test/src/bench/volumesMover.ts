import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { KubernetesObject } from '@lifeboat/engine';
import { readMoverProgress, type MoverTask } from '@lifeboat/data-mover';
import { eventually } from '../cluster/eventually';
import { startDevCluster } from '../cluster/startDevCluster';
import { MoverStage, moverTypes, type EndedMover } from '../mover/MoverStage';
import { peakMemory } from './peakMemory';

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const volumeNamespace = 'bench';

export interface MoverBenchOptions {
  /** Files of the volume with many small files. */
  files: number;
  /** Size of the large volume in GiB; what is not generated is holes. */
  gibibytes: number;
  /** GiB of it that are random bytes. */
  generated: number;
  /** MiB that the mover may use. */
  memoryLimit: number;
}

/** A mover's run with what the system says about its process. */
interface Measured extends EndedMover {
  seconds: number;
  peakMiB: number;
  processorSeconds: number;
  /** All bytes that the process read from files and sockets. */
  readMiB: number;
}

function bytesRead(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/io`, 'utf8');
    return Number(/^rchar: (\d+)$/m.exec(text)?.[1]);
  } catch {
    return undefined;
  }
}

/** Processor seconds of all threads of a process; the clock ticks 100 times a second on Linux. */
function processorSeconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

async function measured(
  stage: MoverStage,
  task: MoverTask,
  memoryLimitMiB: number,
): Promise<Measured> {
  const begin = performance.now();
  const mover = stage.startMover(task, { settings: { memoryLimitMiB } });
  const pid = mover.process.child.pid!;
  let peak = 0;
  let read = 0;
  let processor = 0;
  const timer = setInterval(() => {
    peak = peakMemory(pid) ?? peak;
    read = bytesRead(pid) ?? read;
    processor = processorSeconds(pid) ?? processor;
  }, 20);
  const ended = await mover.ended;
  clearInterval(timer);
  if (ended.exitCode !== 0) {
    throw new Error(
      `The mover ended with ${ended.exitCode}: ${JSON.stringify(
        ended.result,
      )}\n${ended.log}`,
    );
  }
  return {
    ...ended,
    seconds: (performance.now() - begin) / 1000,
    processorSeconds: processor,
    peakMiB: peak / mebibyte,
    readMiB: read / mebibyte,
  };
}

/** A third in one folder, the others in small ones. */
function makeManyFiles(folder: string, count: number): number {
  const bytes = randomFillSync(Buffer.alloc(64 * 1024));
  let total = 0;
  for (let file = 0; file < count; file += 1) {
    const directory =
      file < count / 3
        ? path.join(folder, 'flat')
        : path.join(
            folder,
            `d${Math.floor(file / 10_000)}`,
            `s${Math.floor(file / 100) % 100}`,
          );
    mkdirSync(directory, { recursive: true });
    const size = 100 + ((file * 7919) % 8000);
    bytes.writeUInt32LE(file, 0);
    writeFileSync(path.join(directory, `f${file}`), bytes.subarray(0, size));
    total += size;
  }
  return total;
}

/** Files of one GiB at most, all together as large as asked for: random bytes first, then holes with a few bytes here and there. */
function makeLargeVolume(folder: string, options: MoverBenchOptions): number {
  const total = Math.round(options.gibibytes * gibibyte);
  const generated = Math.round(options.generated * gibibyte);
  const block = Buffer.alloc(8 * mebibyte);
  for (let begin = 0; begin < total; begin += gibibyte) {
    const size = Math.min(gibibyte, total - begin);
    const random = Math.max(0, Math.min(size, generated - begin));
    const fd = openSync(path.join(folder, `part-${begin / gibibyte}`), 'w');
    for (let at = 0; at < random; at += block.length) {
      randomFillSync(block);
      writeSync(fd, block, 0, Math.min(block.length, random - at), at);
    }
    for (let at = random + 64 * mebibyte; at <= size; at += 64 * mebibyte) {
      writeSync(fd, `${begin} ${at}`.padEnd(16), at - 16);
    }
    ftruncateSync(fd, size);
    closeSync(fd);
  }
  return total;
}

/**
 * Moves a volume of many files and a large one through the mover program, there and back, on the API of the embedded
 * cluster. Prints seconds, peak memory and bytes read of each run; fails when a run takes more memory than it may, or
 * when a backup of an unchanged volume reads any of its files.
 */
export async function benchMover(
  options: MoverBenchOptions,
  print: (line: string) => void,
): Promise<void> {
  const stage = await MoverStage.start(() =>
    startDevCluster({ withoutNode: true }),
  );
  const tooMuch: string[] = [];
  const report = (what: string, run: Measured, bytes: number) => {
    const { seconds, processorSeconds: processor, peakMiB, readMiB } = run;
    print(
      `${what.padEnd(44)} ${seconds.toFixed(1).padStart(7)} s ${(
        bytes /
        mebibyte /
        seconds
      )
        .toFixed(0)
        .padStart(6)} MiB/s  processor ${processor
        .toFixed(1)
        .padStart(6)} s  peak ${peakMiB
        .toFixed(0)
        .padStart(4)} MiB  read ${readMiB.toFixed(0).padStart(6)} MiB`,
    );
    if (peakMiB > options.memoryLimit) tooMuch.push(what);
  };
  const backUp = async (name: string, volume: string) => {
    const spec = {
      snapshotType: 'CSI',
      csiSnapshot: { volumeSnapshot: 'vs', storageClass: 'folders' },
      sourcePVC: path.basename(volume),
      sourceNamespace: volumeNamespace,
      backupStorageLocation: 'default',
      operationTimeout: '10m0s',
    };
    // The server gives up connections that stood still while a volume was made.
    await eventually('the DataUpload', () =>
      stage.create(moverTypes.DataUpload, name, spec),
    );
    const run = await measured(
      stage,
      {
        command: 'backup',
        owner: { kind: 'DataUpload', name },
        volumePath: volume,
        volumeMode: 'Filesystem',
      },
      options.memoryLimit,
    );
    const { metadata } = await stage.get<KubernetesObject>(
      moverTypes.DataUpload,
      name,
    );
    return { run, progress: readMoverProgress(metadata.annotations) };
  };
  const restore = async (name: string, snapshotID: string | undefined) => {
    await stage.create(moverTypes.DataDownload, name, {
      targetVolume: { pvc: name, pv: '', namespace: volumeNamespace },
      backupStorageLocation: 'default',
      snapshotID,
      sourceNamespace: volumeNamespace,
      operationTimeout: '10m0s',
    });
    const volumePath = stage.newFolder(`restored-${name}`);
    const run = await measured(
      stage,
      {
        command: 'restore',
        owner: { kind: 'DataDownload', name },
        volumePath,
        volumeMode: 'Filesystem',
      },
      options.memoryLimit,
    );
    rmSync(volumePath, { recursive: true });
    return run;
  };
  try {
    await (await stage.openRepository(volumeNamespace)).close();

    const many = stage.newFolder('many');
    const manyBytes = makeManyFiles(many, options.files);
    const files = `${options.files.toLocaleString('en')} files`;
    const first = await backUp('many-first', many);
    report(`backup of ${files}`, first.run, manyBytes);
    const second = await backUp('many-second', many);
    report(`backup of ${files}, unchanged`, second.run, manyBytes);
    const { bytesHashed, filesDone } = second.progress ?? {};
    print(
      `  of the unchanged volume: ${filesDone} files seen, ${bytesHashed} bytes read`,
    );
    report(
      `restore of ${files}`,
      await restore('many', first.run.result?.snapshotID),
      manyBytes,
    );
    rmSync(many, { recursive: true });
    if (bytesHashed !== 0)
      throw new Error('The backup of an unchanged volume read file content');

    const large = stage.newFolder('large');
    const bytes = makeLargeVolume(large, options);
    const random = Math.min(options.generated, options.gibibytes);
    const size = `${options.gibibytes} GiB (${random} random, rest holes)`;
    const whole = await backUp('large', large);
    report(`backup of ${size}`, whole.run, bytes);
    rmSync(large, { recursive: true });
    report(
      `restore of ${size}`,
      await restore('large', whole.run.result?.snapshotID),
      bytes,
    );
  } finally {
    await stage.stop();
  }
  if (tooMuch.length > 0)
    throw new Error(
      `More than ${options.memoryLimit} MiB: ${tooMuch.join(', ')}`,
    );
}
