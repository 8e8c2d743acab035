import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { KopiaError } from '../errors';
import { Columns, fromColumns, toColumns } from './columns';
import { FileRead, FileToRead } from './readFiles';
import {
  ChunkToSeal,
  SealAnswer,
  SealedChunk,
  Sealer,
  SealerSetup,
  SealRequest,
  Stretch,
} from './sealing';

/** Reads small files, hashes and encrypts chunks in one shared memory, in worker threads or in this one. */
export interface SealPool {
  hash(stretch: Stretch): Promise<string>;
  /** In the order of the files. */
  readFiles(files: readonly FileToRead[]): Promise<readonly FileRead[]>;
  /** In the order of the chunks. */
  seal(chunks: readonly ChunkToSeal[]): Promise<readonly SealedChunk[]>;
  close(): Promise<void>;
}

/** The bundled worker program; undefined where it was not built (sources without bundles). */
export function findWorkerProgram(
  // Beside this file in bundles, in the package's assets otherwise; nothing of Backstage is at hand here.
  // eslint-disable-next-line no-restricted-syntax
  folder: string = __dirname,
): string | undefined {
  const candidates = [
    'worker.cjs',
    '../assets/worker.cjs',
    '../../assets/worker.cjs',
    '../../../assets/worker.cjs',
  ];
  return candidates.map(file => join(folder, file)).find(existsSync);
}

async function inThisThread(
  setup: SealerSetup,
  memory: Buffer,
): Promise<SealPool> {
  const sealer = await Sealer.create(setup, memory);
  // Chunks take milliseconds each: timers and requests of the host must get their turn in between.
  const turn = () => new Promise<void>(resolve => setImmediate(resolve));
  return {
    async hash(stretch) {
      await turn();
      return sealer.hash(stretch);
    },
    async readFiles(files) {
      await turn();
      return sealer.readFiles(files);
    },
    async seal(chunks) {
      await turn();
      return sealer.seal(chunks);
    },
    close: async () => undefined,
  };
}

interface Job {
  resolve(answer: SealAnswer): void;
  reject(error: unknown): void;
}

type RequestOf<T> = T extends SealRequest ? Omit<T, 'number'> : never;

function inWorkers(
  setup: SealerSetup,
  memory: Buffer,
  program: string,
  count: number,
): SealPool {
  let failure: unknown;
  let closing = false;
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(program, {
      workerData: { setup, memory: memory.buffer },
      name: 'lifeboat-kopia',
      resourceLimits: {
        maxOldGenerationSizeMb: 128,
        maxYoungGenerationSizeMb: 8,
      },
    });
    const jobs = new Map<number, Job>();
    const failAll = (error: unknown) => {
      // What is asked later would never be answered.
      if (!closing) failure ??= error;
      for (const job of jobs.values()) job.reject(error);
      jobs.clear();
    };
    worker.on('message', (answer: SealAnswer | 'ready') => {
      if (answer === 'ready') return;
      const job = jobs.get(answer.number);
      jobs.delete(answer.number);
      job?.resolve(answer);
      if (jobs.size === 0) worker.unref();
    });
    worker.on('error', failAll);
    worker.on('exit', () =>
      failAll(new KopiaError('storage', 'A worker thread ended unexpectedly')),
    );
    worker.unref();
    return { worker, jobs };
  });
  let next = 0;
  const ask = async (request: RequestOf<SealRequest>): Promise<SealAnswer> => {
    if (failure) throw failure;
    const idle = workers.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a));
    const number = next++;
    const answer = await new Promise<SealAnswer>((resolve, reject) => {
      idle.jobs.set(number, { resolve, reject });
      idle.worker.ref();
      idle.worker.postMessage({ ...request, number });
    });
    if ('error' in answer)
      throw new KopiaError(
        'storage',
        `A worker thread failed: ${answer.error}`,
      );
    return answer;
  };
  return {
    async hash(stretch) {
      return ((await ask({ kind: 'hash', stretch })) as { hash: string }).hash;
    },
    async readFiles(files) {
      const answer = await ask({
        kind: 'read',
        files: toColumns(files, { path: true, size: true, at: true }),
      });
      return fromColumns((answer as { files: Columns<FileRead> }).files);
    },
    async seal(chunks) {
      const answer = await ask({
        kind: 'seal',
        chunks: toColumns(chunks, {
          at: true,
          length: true,
          iv: true,
          compressor: true,
        }),
      });
      return fromColumns((answer as { sealed: Columns<SealedChunk> }).sealed);
    },
    async close() {
      closing = true;
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
    },
  };
}

/**
 * Starts a pool.
 *
 * @param memory - over a SharedArrayBuffer
 * @param workers - threads; 0 works in this thread, as does a missing bundle
 * @param program - the workers' program; default: the bundle of this package
 */
export async function startSealPool(
  setup: SealerSetup,
  memory: Buffer,
  workers: number,
  program: string | undefined = findWorkerProgram(),
): Promise<SealPool> {
  return program && workers > 0
    ? inWorkers(setup, memory, program, workers)
    : inThisThread(setup, memory);
}
