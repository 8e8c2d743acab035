import { progressAnnotation, type MoverProgress } from '@lifeboat/velero-api';
import { SpeedMeter } from './SpeedMeter';

/** How far a mover is. */
export interface Progress {
  bytesDone: number;
  totalBytes?: number;
  filesDone: number;
  filesTotal?: number;
  bytesHashed?: number;
  bytesCached?: number;
  bytesUploaded?: number;
}

/** A merge patch of a data-path resource. */
export interface ProgressPatch {
  metadata: { annotations: Record<string, string> };
  status: {
    progress: { totalBytes?: number; bytesDone: number };
    [field: string]: unknown;
  };
}

export interface ProgressReporterOptions {
  /** Writes a patch; a failure is no reason to stop moving data. */
  readonly write: (patch: ProgressPatch) => Promise<void>;
  readonly onWriteError?: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly intervalMs?: number;
}

/** Writes progress to the mover's custom resource, at most once a second, and the last values when it is asked to. */
export class ProgressReporter {
  private readonly meter = new SpeedMeter();
  private readonly timer: NodeJS.Timeout;
  private readonly clock: () => number;
  private current: Progress = { bytesDone: 0, filesDone: 0 };
  private writing: Promise<void> | undefined;
  private written = '';

  constructor(private readonly options: ProgressReporterOptions) {
    this.clock = options.clock ?? Date.now;
    this.timer = setInterval(() => this.tick(), options.intervalMs ?? 1000);
    this.timer.unref();
    this.meter.note(this.clock(), 0);
  }

  /** Takes new values over; what is not given stays. */
  update(progress: Partial<Progress>): void {
    this.current = { ...this.current, ...progress };
  }

  /** The work begins: time that was spent waiting does not count. */
  restart(): void {
    this.meter.clear();
    this.meter.note(this.clock(), this.current.bytesDone);
  }

  private tick() {
    const now = this.clock();
    this.meter.note(now, this.current.bytesDone);
    const values = JSON.stringify([this.current, this.meter.bytesPerSecond]);
    if (this.writing || values === this.written) return;
    this.written = values;
    this.writing = this.options
      .write(progressPatch(this.current, this.meter.bytesPerSecond, now))
      .catch(error => this.options.onWriteError?.(error))
      .finally(() => {
        this.writing = undefined;
      });
  }

  /** Ends the reports, and gives the patch with the last values. */
  async finish(): Promise<ProgressPatch> {
    clearInterval(this.timer);
    await this.writing;
    const now = this.clock();
    this.meter.note(now, this.current.bytesDone);
    return progressPatch(this.current, this.meter.bytesPerSecond, now);
  }
}

/** The patch for values and a speed. */
export function progressPatch(
  progress: Progress,
  bytesPerSecond: number,
  now: number,
): ProgressPatch {
  const { bytesDone, totalBytes, ...rest } = progress;
  // A volume that grows while it is read has more than was counted.
  const total =
    totalBytes === undefined ? undefined : Math.max(totalBytes, bytesDone);
  const details: MoverProgress = {
    bytesPerSecond,
    ...(total !== undefined &&
      bytesPerSecond > 0 && {
        secondsLeft: Math.ceil((total - bytesDone) / bytesPerSecond),
      }),
    ...rest,
    updatedAt: new Date(now).toISOString(),
  };
  return {
    metadata: {
      annotations: { [progressAnnotation]: JSON.stringify(details) },
    },
    status: {
      progress: {
        bytesDone,
        ...(total !== undefined && { totalBytes: total }),
      },
    },
  };
}
