import {
  ChunkPipeline,
  FileToStore,
  StoredFile,
} from '../../object/ChunkPipeline';
import { BatchLimits } from '../../object/ObjectWriter';

interface Waiting {
  readonly file: FileToStore;
  resolve(stored: StoredFile): void;
  reject(error: unknown): void;
}

/** Gathers small files that are stored together. */
export class SmallFiles {
  private gathered: Waiting[] = [];
  private room = 0;
  private handedOver = false;
  private closed: { readonly reason: unknown } | undefined;

  /** @param store - stores a batch; answers in its order */
  constructor(
    private readonly limits: BatchLimits,
    private readonly store: (
      files: readonly FileToStore[],
    ) => Promise<readonly StoredFile[]>,
  ) {}

  /** Whether a file of so many bytes can be gathered. */
  takes(size: number): boolean {
    return size <= this.limits.largestFile;
  }

  /** Stores a file with others: when there are enough of them, or after {@link SmallFiles.flush}. */
  async add(file: FileToStore): Promise<StoredFile> {
    if (this.closed) throw this.closed.reason;
    const needed = ChunkPipeline.roomFor(file.size);
    if (this.room + needed > this.limits.bytes) this.handOver();
    this.room += needed;
    const stored = new Promise<StoredFile>((resolve, reject) => {
      this.gathered.push({ file, resolve, reject });
    });
    if (this.gathered.length >= this.limits.files) this.handOver();
    return stored;
  }

  private take(): Waiting[] {
    const taken = this.gathered;
    this.gathered = [];
    this.room = 0;
    return taken;
  }

  private handOver(): void {
    this.handedOver = true;
    const batch = this.take();
    this.store(batch.map(({ file }) => file)).then(
      stored => batch.forEach(({ resolve }, i) => resolve(stored[i])),
      error => batch.forEach(({ reject }) => reject(error)),
    );
  }

  /** No more files follow. The few of a small tree are sent elsewhere: starting threads for them takes longer. */
  flush(): void {
    if (this.gathered.length === 0) return;
    if (this.handedOver) this.handOver();
    else this.take().forEach(({ resolve }) => resolve('elsewhere'));
  }

  /** Fails what was gathered, and what is still added. */
  abandon(reason: unknown): void {
    this.closed ??= { reason };
    this.take().forEach(({ reject }) => reject(reason));
  }
}
