// Entry of the worker threads: hashes and encrypts chunks in memory that it shares with the main thread.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Sealer, SealAnswer, SealerSetup, SealRequest } from './sealing';

const { setup, memory } = workerData as {
  setup: SealerSetup;
  memory: SharedArrayBuffer;
};
const port = parentPort;
if (!port) throw new Error('This program runs as a worker thread only');

// Every encrypted piece is a buffer outside of the heap, and V8 collects these only after 64 MiB of them. Collecting the
// young generation earlier takes half a millisecond and halves the memory of an upload.
function exposedCollector():
  | ((options: { type: 'minor' }) => void)
  | undefined {
  // Flags belong to the whole process: other workers do the same, so the flag is not taken back.
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as (options: { type: 'minor' }) => void;
  } catch {
    return undefined;
  }
}
const collect = exposedCollector();
const collectAfter = 12 * 1024 * 1024;
let sealedBytes = 0;

const sealer = Sealer.create(setup, Buffer.from(memory));
sealer.then(
  () => port.postMessage('ready'),
  error => {
    throw error;
  },
);

port.on('message', async (request: SealRequest) => {
  const { number, stretch } = request;
  let answer: SealAnswer;
  try {
    const ready = await sealer;
    answer =
      request.kind === 'hash'
        ? { number, hash: ready.hash(stretch) }
        : {
            number,
            sealed: ready.seal(stretch, request.iv, request.compressor),
          };
  } catch (error) {
    answer = {
      number,
      error: error instanceof Error ? error.message : String(error),
    };
  }
  port.postMessage(answer);
  if ('sealed' in answer) sealedBytes += answer.sealed.length;
  if (sealedBytes > collectAfter) {
    sealedBytes = 0;
    collect?.({ type: 'minor' });
  }
});
