// Entry of the worker threads: hashes and encrypts chunks in memory that it shares with the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { keepFreedMemory } from '../garbage';
import { Sealer, SealAnswer, SealerSetup, SealRequest } from './sealing';

const { setup, memory } = workerData as {
  setup: SealerSetup;
  memory: SharedArrayBuffer;
};
const port = parentPort;
if (!port) throw new Error('This program runs as a worker thread only');

keepFreedMemory();

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
});
