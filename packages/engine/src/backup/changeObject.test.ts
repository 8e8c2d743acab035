import { createClusterClient } from '../cluster/createClusterClient';
import { veleroTypes } from '../cluster/knownTypes';
import {
  failure,
  json,
  startFakeApiServer,
  type FakeAnswer,
} from '../testing/fakeApiServer';
import { changeObject, ObjectGoneError } from './changeObject';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async () => undefined,
};
const lost: FakeAnswer = (_request, response) => response.destroy();

function backup(phase: string, resourceVersion = '1', uid = 'uid-1') {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { namespace: 'openshift-adp', name: 'b', uid, resourceVersion },
    status: { phase },
  };
}

let server: Awaited<ReturnType<typeof startFakeApiServer>>;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(async () => {
  await server.stop();
});

/** Moves the Backup from InProgress to Finalizing; any other phase is somebody else's doing. */
async function finalize() {
  const client = createClusterClient(
    { name: 'test', url: server.url, token: 'secret' },
    { clock, timeoutMs: 500, attempts: 1 },
  );
  const seen: string[] = [];
  try {
    const object = await changeObject(
      { client, clock, signal: new AbortController().signal },
      veleroTypes.backups,
      backup('InProgress'),
      current => {
        seen.push(current.status.phase);
        if (current.status.phase !== 'InProgress') throw new Error('changed');
        return { ...current, status: { phase: 'Finalizing' } };
      },
    );
    return { object, seen };
  } finally {
    client.close();
  }
}

const methods = () => server.requests.map(request => request.method);

describe('changeObject', () => {
  it('starts again when somebody else wrote in between', async () => {
    server.answer(
      json(backup('InProgress')),
      failure(409, 'Conflict'),
      json(backup('InProgress', '2')),
      json(backup('Finalizing', '3')),
    );
    expect((await finalize()).object.metadata.resourceVersion).toBe('3');
    expect(JSON.parse(server.requests[3].body).metadata.resourceVersion).toBe(
      '2',
    );
  });

  it('sees that a write was carried out although its answer was lost', async () => {
    server.answer(
      json(backup('InProgress')),
      lost,
      json(backup('Finalizing', '2')),
    );
    const { object, seen } = await finalize();
    expect(object.metadata.resourceVersion).toBe('2');
    expect(seen).toEqual(['InProgress']);
    expect(methods()).toEqual(['GET', 'PUT', 'GET']);
  });

  it('writes again when a lost write was not carried out', async () => {
    server.answer(
      json(backup('InProgress')),
      failure(503, 'ServiceUnavailable'),
      json(backup('InProgress')),
      json(backup('Finalizing', '2')),
    );
    expect((await finalize()).object.status.phase).toBe('Finalizing');
    expect(methods()).toEqual(['GET', 'PUT', 'GET', 'PUT']);
  });

  it('never writes over another object of the same name', async () => {
    server.answer(json(backup('InProgress', '9', 'uid-2')));
    await expect(finalize()).rejects.toThrow(ObjectGoneError);
    server.answer(failure(404, 'NotFound', { name: 'b' }));
    await expect(finalize()).rejects.toThrow(ObjectGoneError);
    expect(methods()).toEqual(['GET', 'GET']);
  });

  it('does not repeat what the server refused', async () => {
    server.answer(json(backup('InProgress')), failure(422, 'Invalid'));
    await expect(finalize()).rejects.toThrow('Invalid');
    expect(methods()).toEqual(['GET', 'PUT']);
  });
});
