import { mockServices } from '@backstage/backend-test-utils';
import { createMockActionContext } from '@backstage/plugin-scaffolder-node-test-utils';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBackupAction } from './createBackupAction';
import { createRestoreAction } from './createRestoreAction';

/** A task's context; the mock leaves out some options. */
function contextOf(options: Record<string, unknown>) {
  return { ...createMockActionContext(options), ...options };
}

interface Seen {
  method: string;
  url: string;
  body: unknown;
  authorization?: string;
}

/** A server that speaks the REST API with prepared answers; a list is answered one by one. */
async function startApi(answers: Record<string, unknown>) {
  const seen: Seen[] = [];
  const read = async (request: IncomingMessage) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    return text ? JSON.parse(text) : undefined;
  };
  const server: Server = createServer(async (request, response) => {
    const key = `${request.method} ${request.url}`;
    seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      body: await read(request),
      authorization: request.headers.authorization,
    });
    const prepared = answers[key];
    const answer = Array.isArray(prepared)
      ? prepared.splice(0, prepared.length > 1 ? 1 : 0)[0] ?? prepared[0]
      : prepared;
    response.setHeader('Content-Type', 'application/json');
    if (answer === undefined) {
      response.statusCode = 403;
      response.end(
        JSON.stringify({
          error: {
            name: 'NotAllowedError',
            message: 'no',
            problem: {
              code: 'consent-missing',
              title: 'No consent',
              message: 'Namespace shop does not consent.',
              command: 'kubectl annotate namespace shop x=y',
            },
          },
          response: { statusCode: 403 },
        }),
      );
      return;
    }
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const api = new BackupClient({
    fetchApi: { fetch },
    discoveryApi: { getBaseUrl: async () => `http://127.0.0.1:${port}` },
  });
  const stop = () =>
    new Promise(resolve => {
      server.closeAllConnections();
      server.close(resolve);
    });
  return { api, seen, stop };
}

const base = '/entities/component/default/orders';
const point = {
  name: 'orders-1',
  cluster: 'demo',
  state: 'waiting',
  phase: 'New',
  createdAt: '2026-11-23T08:00:00Z',
  warnings: 0,
  errors: 0,
  trigger: { type: 'manual' },
  restorable: false,
};
const done = {
  ...point,
  state: 'done',
  phase: 'Completed',
  objects: 47,
  warnings: 1,
  notes: ['Objects only: the data of 1 volume is not included'],
};
const auth = mockServices.auth();

describe('backup:create', () => {
  it('waits for the end, in the name of the user', async () => {
    const { api, seen, stop } = await startApi({
      [`POST ${base}/backups`]: point,
      [`GET ${base}/backups/orders-1?cluster=demo`]: [
        {
          ...point,
          state: 'running',
          progress: { itemsDone: 1, itemsTotal: 9 },
        },
        done,
      ],
    });
    const context = contextOf({
      input: { entityRef: 'component:default/orders', note: 'before 1.8' },
    });
    await createBackupAction({ api, auth }).handler(context as never);
    await stop();
    expect(seen[0].body).toEqual({ note: 'before 1.8' });
    expect(seen[0].authorization).toMatch(/^Bearer /);
    expect(context.output).toHaveBeenCalledWith('name', 'orders-1');
    expect(context.output).toHaveBeenCalledWith('state', 'done');
    expect(context.output).toHaveBeenCalledWith('objects', 47);
  });

  it('creates nothing twice when the task is run again', async () => {
    const { api, seen, stop } = await startApi({
      [`GET ${base}/backups/orders-1?cluster=demo`]: done,
    });
    const context = contextOf({
      input: { entityRef: 'orders' },
      checkpoint: async () => ({ name: 'orders-1', cluster: 'demo' } as never),
    });
    await createBackupAction({ api, auth }).handler(context as never);
    await stop();
    expect(seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it('fails with the phase and the reason when the backup fails', async () => {
    const { api, stop } = await startApi({
      [`POST ${base}/backups`]: point,
      [`GET ${base}/backups/orders-1?cluster=demo`]: {
        ...done,
        state: 'needs-attention',
        phase: 'PartiallyFailed',
        reason: 'ConfigMap web could not be read',
      },
    });
    const input = { entityRef: 'orders' };
    const action = createBackupAction({ api, auth });
    await expect(action.handler(contextOf({ input }) as never)).rejects.toThrow(
      'Backup orders-1 ended PartiallyFailed: ConfigMap web could not be read',
    );
    const tolerant = contextOf({
      input: { ...input, allowIncomplete: true },
    });
    await action.handler(tolerant as never);
    await stop();
    expect(tolerant.output).toHaveBeenCalledWith('state', 'needs-attention');
  });

  it('says what to do when it is refused', async () => {
    const { api, stop } = await startApi({});
    const context = contextOf({ input: { entityRef: 'orders' } });
    await expect(
      createBackupAction({ api, auth }).handler(context as never),
    ).rejects.toThrow('kubectl annotate namespace shop x=y');
    await stop();
  });

  it('stops waiting when the task is cancelled', async () => {
    const { api, stop } = await startApi({
      [`POST ${base}/backups`]: point,
      [`GET ${base}/backups/orders-1?cluster=demo`]: point,
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const context = contextOf({
      input: { entityRef: 'orders' },
      signal: controller.signal,
    });
    await expect(
      createBackupAction({ api, auth }).handler(context as never),
    ).rejects.toThrow(/abort/i);
    await stop();
  });

  it('gives up after its time', async () => {
    const { api, stop } = await startApi({
      [`POST ${base}/backups`]: point,
      [`GET ${base}/backups/orders-1?cluster=demo`]: point,
    });
    const context = contextOf({
      input: { entityRef: 'orders', timeoutSeconds: 1 },
    });
    await expect(
      createBackupAction({ api, auth }).handler(context as never),
    ).rejects.toThrow('has not ended within 1 seconds');
    await stop();
  });

  it('creates nothing in a dry run', async () => {
    const { api, seen, stop } = await startApi({
      [`GET ${base}/protection`]: {
        target: { cluster: 'demo', namespace: 'shop' },
      },
    });
    const context = contextOf({
      input: { entityRef: 'orders' },
      isDryRun: true,
    });
    await createBackupAction({ api, auth }).handler(context as never);
    await stop();
    expect(seen.map(({ method }) => method)).toEqual(['GET']);
    expect(context.output).toHaveBeenCalledWith('name', 'dry-run');
  });
});

describe('backup:restore', () => {
  const run = {
    name: 'orders-1-r',
    cluster: 'demo',
    backup: 'orders-1',
    targetNamespace: 'shop-restore-1123',
    state: 'done',
    phase: 'Completed',
    warnings: 0,
    notes: [],
    targetUrl: 'http://localhost/demo/shop-restore-1123/',
  };

  it('restores the newest point into the suggested namespace', async () => {
    const { api, seen, stop } = await startApi({
      [`GET ${base}/backups`]: {
        items: [point, { ...done, restorable: true }],
      },
      [`POST ${base}/backups/orders-1/restore-preview`]: {
        suggestedNamespace: 'shop-restore-1123',
        problems: [],
      },
      [`POST ${base}/restores`]: run,
      [`GET ${base}/restores/orders-1-r?cluster=demo`]: run,
    });
    const context = contextOf({ input: { entityRef: 'orders' } });
    await createRestoreAction({ api, auth }).handler(context as never);
    await stop();
    expect(
      seen.find(
        ({ url, method }) => method === 'POST' && url === `${base}/restores`,
      )?.body,
    ).toEqual({ backup: 'orders-1', targetNamespace: 'shop-restore-1123' });
    expect(context.output).toHaveBeenCalledWith('targetUrl', run.targetUrl);
  });

  it('never falls back to a restore in place', async () => {
    const { api, seen, stop } = await startApi({
      [`POST ${base}/backups/orders-1/restore-preview`]: {
        suggestedNamespace: '',
        problems: [],
      },
    });
    const context = contextOf({
      input: { entityRef: 'orders', backup: 'orders-1' },
    });
    await expect(
      createRestoreAction({ api, auth }).handler(context as never),
    ).rejects.toThrow('was not restored');
    await stop();
    expect(seen.some(({ url }) => url === `${base}/restores`)).toBe(false);
  });

  it('refuses two targets', async () => {
    const { api, stop } = await startApi({});
    const context = contextOf({
      input: { entityRef: 'orders', inPlace: true, targetNamespace: 'x' },
    });
    await expect(
      createRestoreAction({ api, auth }).handler(context as never),
    ).rejects.toThrow('either inPlace or targetNamespace');
    await stop();
  });
});

it.each(['orders', 'component:orders', 'Component:default/orders'])(
  'understands the entity ref %s',
  async entityRef => {
    const { api, seen, stop } = await startApi({
      [`GET ${base}/protection`]: { target: { cluster: 'c', namespace: 'n' } },
    });
    const context = contextOf({
      input: { entityRef },
      isDryRun: true,
    });
    await createBackupAction({ api, auth }).handler(context as never);
    await stop();
    expect(seen[0].url).toBe(`${base}/protection`);
  },
);
