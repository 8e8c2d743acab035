import { createHash } from 'node:crypto';
import {
  access,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseQuantity } from '../quantity';
import { copyTree, occupiedBytes } from './copyTree';
import { Faults } from './Faults';
import { ProcessOrigins, ProcessPause } from './ProcessPause';

/** The file that stands for the device of a block volume. */
export const DEVICE = 'device';

export type VolumeMode = 'Filesystem' | 'Block';

interface VolumeRecord {
  sizeBytes: number;
  mode: VolumeMode;
}

/** A snapshot as the driver keeps it. */
export interface DriverSnapshot {
  handle: string;
  sourceVolume: string;
  sizeBytes: number;
  mode: VolumeMode;
  /** Milliseconds since 1970. */
  createdAt: number;
  readyAt: number;
}

/** What a new volume is filled with. */
export type VolumeSource = { snapshot: string } | { volume: string };

/** An answer of a CSI driver that is not a success, with gRPC's name of the code. */
export class DriverError extends Error {
  constructor(readonly code: string, message: string) {
    super(`rpc error: code = ${code} desc = ${message}`);
    this.name = 'DriverError';
  }
}

/**
 * A storage driver whose volumes and snapshots are folders. Every operation may be repeated: names decide handles, and
 * what is half done is made again.
 */
export class FolderDriver {
  private readonly pause = new ProcessPause();
  private readonly failures = new Map<string, number>();
  /** Who uses a volume; set by the kubelet. */
  usersOf: (handle: string) => ProcessOrigins = () => ({
    pids: [],
    podRoots: [],
  });
  /** Called after each change of the list of snapshots. */
  onSnapshots: () => void = () => {};

  constructor(
    private readonly directory: string,
    private readonly faults: Pick<Faults, 'text' | 'number' | 'on'>,
    private readonly signal?: AbortSignal,
  ) {}

  /** The folder of a volume. @throws when the handle could leave the driver's folder. */
  pathOf(handle: string): string {
    return join(this.directory, 'claims', checked(handle));
  }

  /** Makes sure that the folder of a volume exists. */
  async stage(handle: string): Promise<string> {
    const path = this.pathOf(handle);
    await mkdir(path, { recursive: true });
    return path;
  }

  /**
   * CreateVolume: a folder, empty or filled; a file `device` of the volume's size in block mode.
   *
   * @throws DriverError when the source is missing or a fault is switched on.
   */
  async createVolume(
    handle: string,
    volume: { sizeBytes: number; mode: VolumeMode; readOnlyMany?: boolean },
    source?: VolumeSource,
  ): Promise<void> {
    await this.delay('provision-delay-ms');
    this.failIf(
      'provision-error',
      'provision-error-times',
      `provision ${handle}`,
    );
    if (volume.readOnlyMany && this.faults.on('no-read-only-many')) {
      throw new DriverError(
        'InvalidArgument',
        'volume capability not supported: MULTI_NODE_READER_ONLY',
      );
    }
    const path = this.pathOf(handle);
    if (await exists(path)) return;
    const part = join(this.directory, 'claims', `.${handle}.part`);
    await wholeOrNothing(part, path, async () => {
      await mkdir(part, { recursive: true });
      if (source) await this.fill(part, source);
      if (volume.mode === 'Block') {
        const device = await open(join(part, DEVICE), 'a');
        const { size } = await device.stat();
        await device.truncate(Math.max(size, volume.sizeBytes));
        await device.close();
      }
      await this.writeRecord(handle, {
        sizeBytes: volume.sizeBytes,
        mode: volume.mode,
      });
    });
  }

  private async fill(target: string, source: VolumeSource): Promise<void> {
    if ('snapshot' in source) {
      const snapshot = await this.snapshot(source.snapshot);
      if (!snapshot) {
        throw new DriverError(
          'NotFound',
          `cannot find snapshot ${source.snapshot}`,
        );
      }
      const data = join(this.snapshotPath(source.snapshot), 'data');
      await copyTree(data, target, this.signal);
    } else {
      const path = this.pathOf(source.volume);
      if (!(await exists(path))) {
        throw new DriverError(
          'NotFound',
          `cannot find volume ${source.volume}`,
        );
      }
      await this.pause.during(this.usersOf(source.volume), () =>
        copyTree(path, target, this.signal),
      );
    }
    await sleep(await this.transferMs(target), undefined, {
      signal: this.signal,
    });
  }

  /** DeleteVolume: fine when there is none. */
  async deleteVolume(handle: string): Promise<void> {
    await rm(this.pathOf(handle), { recursive: true, force: true });
    await rm(this.recordPath(handle), { force: true });
  }

  /** The handle of the snapshot that a name gives, made or not. */
  snapshotHandle(name: string): string {
    const digest = createHash('sha256').update(name).digest('hex');
    return `snap-${digest.slice(0, 24)}`;
  }

  /**
   * CreateSnapshot: a copy of the volume's folder, taken while the processes that use it stand still.
   *
   * @param name - the same name gives the same snapshot again
   * @throws DriverError when the volume is missing or a fault is switched on.
   */
  async createSnapshot(
    name: string,
    volumeHandle: string,
  ): Promise<DriverSnapshot> {
    const handle = this.snapshotHandle(name);
    const present = await this.snapshot(handle);
    if (present) return present;
    await this.delay('snapshot-create-delay-ms');
    this.failIf('snapshot-error', 'snapshot-error-times', `snapshot ${handle}`);
    const source = this.pathOf(volumeHandle);
    if (!(await exists(source))) {
      throw new DriverError('NotFound', `cannot find volume ${volumeHandle}`);
    }
    const path = this.snapshotPath(handle);
    const part = `${path}.part`;
    const record = await this.readRecord(volumeHandle);
    const size = this.faults.text('snapshot-restore-size');
    const snapshot = await wholeOrNothing(part, path, async () => {
      const data = join(part, 'data');
      let createdAt = 0;
      await this.pause.during(this.usersOf(volumeHandle), async () => {
        createdAt = Date.now();
        await copyTree(source, data, this.signal);
      });
      const made: DriverSnapshot = {
        handle,
        sourceVolume: volumeHandle,
        sizeBytes: size ? parseQuantity(size) : record.sizeBytes,
        mode: record.mode,
        createdAt,
        readyAt:
          Date.now() +
          (this.faults.number('snapshot-delay-ms') ?? 0) +
          (await this.transferMs(data)),
      };
      await writeFile(join(part, 'snapshot.json'), JSON.stringify(made));
      return made;
    });
    this.onSnapshots();
    return snapshot;
  }

  /** Whether a snapshot can be used by now. */
  isReady(snapshot: DriverSnapshot): boolean {
    return (
      !this.faults.on('snapshot-never-ready') && Date.now() >= snapshot.readyAt
    );
  }

  /** One snapshot, or undefined when the driver has none of that handle. */
  async snapshot(handle: string): Promise<DriverSnapshot | undefined> {
    if (!isHandle(handle)) return undefined;
    const file = join(this.snapshotPath(handle), 'snapshot.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return text === undefined
      ? undefined
      : (JSON.parse(text) as DriverSnapshot);
  }

  /** All finished snapshots. */
  async snapshots(): Promise<DriverSnapshot[]> {
    const names = await readdir(join(this.directory, 'snapshots')).catch(
      () => [],
    );
    const all = await Promise.all(
      names
        .filter(name => !name.endsWith('.part'))
        .map(name => this.snapshot(name)),
    );
    return all.filter(each => each !== undefined);
  }

  /** DeleteSnapshot: fine when there is none. @throws DriverError when the fault is switched on. */
  async deleteSnapshot(handle: string): Promise<void> {
    const problem = this.faults.text('snapshot-delete-error');
    if (problem) throw new DriverError('Internal', problem);
    if (!isHandle(handle)) return;
    await rm(this.snapshotPath(handle), { recursive: true, force: true });
    this.onSnapshots();
  }

  private snapshotPath(handle: string): string {
    return join(this.directory, 'snapshots', checked(handle));
  }

  private recordPath(handle: string): string {
    return join(this.directory, 'records', `${checked(handle)}.json`);
  }

  private async readRecord(handle: string): Promise<VolumeRecord> {
    const text = await readFile(this.recordPath(handle), 'utf8').catch(
      () => undefined,
    );
    return text === undefined
      ? { sizeBytes: 0, mode: 'Filesystem' }
      : (JSON.parse(text) as VolumeRecord);
  }

  private async writeRecord(
    handle: string,
    record: VolumeRecord,
  ): Promise<void> {
    await mkdir(join(this.directory, 'records'), { recursive: true });
    await writeFile(this.recordPath(handle), JSON.stringify(record));
  }

  private failIf(
    fault: 'snapshot-error' | 'provision-error',
    times: 'snapshot-error-times' | 'provision-error-times',
    operation: string,
  ): void {
    const problem = this.faults.text(fault);
    if (!problem) {
      this.failures.delete(operation);
      return;
    }
    const count = (this.failures.get(operation) ?? 0) + 1;
    this.failures.set(operation, count);
    if (count <= (this.faults.number(times) ?? Infinity)) {
      throw new DriverError('Internal', problem);
    }
  }

  private async delay(
    fault: 'snapshot-create-delay-ms' | 'provision-delay-ms',
  ): Promise<void> {
    const milliseconds = this.faults.number(fault) ?? 0;
    if (milliseconds > 0) {
      await sleep(milliseconds, undefined, { signal: this.signal });
    }
  }

  /** How long slow storage takes for the content of a folder. */
  private async transferMs(folder: string): Promise<number> {
    const rate = this.faults.number('copy-bytes-per-second');
    return rate ? ((await occupiedBytes(folder)) / rate) * 1000 : 0;
  }
}

function isHandle(handle: string): boolean {
  return /^[a-z0-9][a-z0-9.-]*$/.test(handle);
}

function checked(handle: string): string {
  if (!isHandle(handle)) {
    throw new Error(`volume handle ${JSON.stringify(handle)} is not a name`);
  }
  return handle;
}

/** Lets something come into being under a temporary name: it is there whole, or not at all. */
async function wholeOrNothing<T>(
  part: string,
  path: string,
  make: () => Promise<T>,
): Promise<T> {
  await rm(part, { recursive: true, force: true });
  try {
    const made = await make();
    await rename(part, path);
    return made;
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
