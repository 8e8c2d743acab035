import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { RandomBytes } from '../clock';
import { corrupt, isKopiaError } from '../errors';
import { parseExactJson } from '../manifest/exactJson';
import type { Repository } from '../Repository';
import {
  formatMilliseconds,
  toMilliseconds,
  zeroTime,
} from '../time/timestamps';

/** The blob with times and history of maintenance. */
export const maintenanceBlobId = 'kopia.maintenance';

/** One finished run of a task. @public */
export interface TaskRun {
  readonly start: string;
  readonly end: string;
  readonly success?: boolean;
  readonly error?: string;
  readonly extra?: unknown;
}

/** Content of `kopia.maintenance`. Unknown fields and tasks are kept: other clients decide by them. */
export interface MaintenanceSchedule {
  readonly nextFullMaintenance: string;
  readonly nextQuickMaintenance: string;
  /** By task, newest first. */
  readonly runs: Readonly<Record<string, readonly TaskRun[]>>;
}

const keptRuns = 50;
const additionalData = Buffer.from('maintenance');

function keyOf(repository: Repository): Buffer {
  return Buffer.from(
    hkdfSync(
      'sha256',
      repository.maintenanceKeyMaterial,
      repository.uniqueId,
      'maintenance schedule',
      32,
    ),
  );
}

/** Reads the schedule; an empty one where there is none yet. Throws `corrupt`. */
export async function readSchedule(
  repository: Repository,
  signal?: AbortSignal,
): Promise<MaintenanceSchedule> {
  let sealed: Buffer;
  try {
    sealed = await repository.storage.get(maintenanceBlobId, undefined, {
      signal,
    });
  } catch (error) {
    if (!isKopiaError(error, 'blob-not-found')) throw error;
    return {
      nextFullMaintenance: zeroTime,
      nextQuickMaintenance: zeroTime,
      runs: {},
    };
  }
  try {
    const decipher = createDecipheriv(
      'aes-256-gcm',
      keyOf(repository),
      sealed.subarray(0, 12),
      { authTagLength: 16 },
    );
    decipher.setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([
      decipher.update(sealed.subarray(12, -16)),
      decipher.final(),
    ]);
    const parsed = parseExactJson(
      plain.toString('utf8'),
    ) as Partial<MaintenanceSchedule>;
    return {
      ...parsed,
      nextFullMaintenance: parsed.nextFullMaintenance ?? zeroTime,
      nextQuickMaintenance: parsed.nextQuickMaintenance ?? zeroTime,
      runs: parsed.runs ?? {},
    };
  } catch (cause) {
    throw corrupt(
      `${maintenanceBlobId} is damaged`,
      { blob: maintenanceBlobId },
      cause,
    );
  }
}

/** Writes the schedule. */
export async function writeSchedule(
  repository: Repository,
  schedule: MaintenanceSchedule,
  random: RandomBytes,
  signal?: AbortSignal,
): Promise<void> {
  const nonce = random(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(repository), nonce);
  cipher.setAAD(additionalData);
  const sealed = Buffer.concat([
    nonce,
    cipher.update(JSON.stringify(schedule)),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  await repository.storage.put(maintenanceBlobId, sealed, { signal });
}

/** The schedule with one more run of a task. */
export function withRun(
  schedule: MaintenanceSchedule,
  task: string,
  run: TaskRun,
): MaintenanceSchedule {
  return {
    ...schedule,
    runs: {
      ...schedule.runs,
      [task]: [run, ...(schedule.runs[task] ?? [])].slice(0, keptRuns),
    },
  };
}

/** Describes a run. @param start - milliseconds since 1970 */
export function finishedRun(
  start: number,
  end: number,
  error?: string,
): TaskRun {
  return {
    start: formatMilliseconds(start),
    end: formatMilliseconds(end),
    ...(error === undefined ? { success: true } : { error }),
  };
}

/** Successful runs of tasks, newest first. */
export function successfulRuns(
  schedule: MaintenanceSchedule,
  ...tasks: string[]
): { start: number; end: number }[] {
  return tasks
    .flatMap(task => schedule.runs[task] ?? [])
    .filter(({ success }) => success)
    .map(({ start, end }) => ({
      start: toMilliseconds(start),
      end: toMilliseconds(end),
    }))
    .sort((a, b) => b.start - a.start);
}
