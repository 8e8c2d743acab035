// Entry of the worker threads: reads small files, hashes and encrypts chunks in memory that it shares with the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { keepFreedMemory } from '../garbage';
import { fromColumns, toColumns } from './columns';
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

function answerTo(request: SealRequest, ready: Sealer): SealAnswer {
  const { number, kind } = request;
  switch (kind) {
    case 'hash':
      return { number, hash: ready.hash(request.stretch) };
    case 'read':
      return {
        number,
        files: toColumns(ready.readFiles(fromColumns(request.files)), {
          length: true,
          hash: true,
          failed: true,
        }),
      };
    default:
      return {
        number,
        sealed: toColumns(ready.seal(fromColumns(request.chunks)), {
          at: true,
          length: true,
          compression: true,
        }),
      };
  }
}

port.on('message', async (request: SealRequest) => {
  let answer: SealAnswer;
  try {
    answer = answerTo(request, await sealer);
  } catch (error) {
    answer = {
      number: request.number,
      error: error instanceof Error ? error.message : String(error),
    };
  }
  port.postMessage(answer);
});
