import { mockCredentials } from '@backstage/backend-test-utils';
import { openApiDocument } from '@lifeboat/backstage-plugin-backup-common';
import { createClusterClient, openBackupStore } from '@lifeboat/engine';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { component } from './__testUtils__/catalog';
import {
  renewLease,
  run,
  scopeFor,
  selector,
  startShop,
  entities,
} from './__testUtils__/shop';
import { startPortal } from './__testUtils__/startPortal';
import { routesOf } from './router';

jest.setTimeout(60_000);

const orders = 'component:default/orders';
const payments = 'component:default/payments';
const ours = '/entities/component/default/orders';

type Method = 'get' | 'post' | 'patch' | 'delete';

/** A valid body for each operation that wants one. */
const bodies: Record<string, object> = {
  createRecoveryPoint: {},
  previewRestore: {},
  createRestore: { backup: 'theirs', targetNamespace: 'payments-copy' },
  createSchedule: { cron: '0 2 * * *' },
  updateSchedule: { paused: true },
};

const routes = routesOf(openApiDocument);
const entityRoutes = routes.filter(({ path }) => path.includes(':kind'));

function pathFor(path: string, name: string, item: string): string {
  return path
    .replace(':kind', 'component')
    .replace(':namespace', 'default')
    .replace(':name', name)
    .replace(/:(backup|restore|schedule)/, item);
}

let shop: Awaited<ReturnType<typeof startShop>>;
let portal: Awaited<ReturnType<typeof startPortal>>;

function addRuns() {
  const { cluster, uids } = shop;
  const mine = scopeFor(orders, 'shop', uids.shop, selector);
  const theirs = scopeFor(payments, 'payments', uids.payments);
  for (const [name, scope] of [
    ['mine', mine],
    ['theirs', theirs],
  ] as const) {
    // The labels lie on purpose: they say that everything is ours.
    const labels = { 'lifeboat.dev/entity': 'orders' };
    cluster.put(
      'backups',
      run('Backup', name, scope, {
        labels,
        status: {
          phase: 'Completed',
          startTimestamp: cluster.at(1),
          completionTimestamp: cluster.at(5),
          progress: { totalItems: 47, itemsBackedUp: 47 },
          warnings: 1,
        },
      }),
    );
    cluster.put(
      'restores',
      run('Restore', name, scope, {
        labels,
        spec: {
          backupName: name,
          namespaceMapping: { [scope.namespace]: `${scope.namespace}-copy` },
        },
        status: { phase: 'Completed' },
      }),
    );
    cluster.put(
      'schedules',
      run('Schedule', name, scope, {
        labels,
        spec: { schedule: '0 2 * * *', template: { ttl: '720h' } },
        status: { phase: 'Enabled' },
      }),
    );
  }
}

/** A restore that gave a claim of shop another volume, as the engine leaves it. */
function putInPlace(
  name: string,
  more: {
    stage?: string;
    claim?: object;
    untilMs?: number;
    phase?: string;
    annotations?: Record<string, string>;
  } = {},
) {
  const { stage = 'done', untilMs = 3600_000, phase = 'Completed' } = more;
  return shop.cluster.put(
    'restores',
    run('Restore', name, scopeFor(orders, 'shop', shop.uids.shop, selector), {
      annotations: {
        'lifeboat.dev/in-place-state': JSON.stringify({
          stage,
          namespace: 'shop',
          claims: [
            {
              name: 'pgdata',
              staging: 'ip-1',
              download: 'into-staging',
              oldVolume: 'pv-old',
              newVolume: 'pv-new',
              ...more.claim,
            },
          ],
          workloads: [],
          undoUntil: new Date(Date.now() + untilMs).toISOString(),
          undoSeconds: 259_200,
        }),
        ...more.annotations,
      },
      spec: { backupName: 'mine' },
      status: { phase },
    }),
  );
}

beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.cluster.stop());
function resetRuns() {
  for (const resource of [
    'backups',
    'restores',
    'schedules',
    'deletebackuprequests',
  ]) {
    for (const { metadata } of shop.cluster.all(resource)) {
      shop.cluster.remove(resource, metadata.namespace, metadata.name);
    }
  }
  addRuns();
}

beforeEach(() => {
  renewLease(shop.cluster);
  resetRuns();
  shop.cluster.requests.length = 0;
});
afterEach(async () => {
  await portal?.server.stop();
});

describe.each([
  ['permissions allow everything', undefined],
  ['permissions deny everything of backup', 'all'],
])('%s', (_title, denial) => {
  const start = async (more = {}) => {
    portal = await startPortal({
      entities,
      cluster: shop.cluster,
      denied: denial
        ? [
            'backup.point.read',
            'backup.point.create',
            'backup.point.delete',
            'backup.restore.create',
            'backup.schedule.manage',
            'backup.admin.read',
          ]
        : undefined,
      ...more,
    });
  };

  it('refuses a foreign component on every route, and says nothing but the owner', async () => {
    await start();
    for (const route of entityRoutes) {
      const response = await portal.send(
        route.method as Method,
        pathFor(route.path, 'payments', 'theirs'),
        bodies[route.operationId],
      );
      expect([route.operationId, response.status]).toEqual([
        route.operationId,
        403,
      ]);
      expect(response.body.error.problem).toMatchObject({
        code: 'not-owner',
        owner: 'group:default/team-payments',
      });
      expect(Object.keys(response.body.error).sort()).toEqual([
        'message',
        'name',
        'problem',
      ]);
    }
    expect(shop.cluster.requests).toEqual([]);
  });

  it('refuses an own entity that points at a foreign namespace on every route', async () => {
    await start();
    const before = JSON.stringify(shop.cluster.all('backups'));
    for (const route of entityRoutes) {
      const response = await portal.send(
        route.method as Method,
        pathFor(route.path, 'sneaky', 'theirs'),
        bodies[route.operationId],
      );
      const told =
        route.operationId === 'getProtection' && response.status === 200
          ? response.body
          : undefined;
      expect([
        route.operationId,
        told?.problem.code ?? response.status,
      ]).toEqual([
        route.operationId,
        told && !denial ? 'consent-missing' : 403,
      ]);
      expect(response.text.replaceAll('namespace payments', '')).not.toContain(
        'default/payments',
      );
      expect(Object.keys(told ?? {})).not.toEqual(
        expect.arrayContaining(['target', 'objectCount', 'lastPoint']),
      );
    }
    expect(JSON.stringify(shop.cluster.all('backups'))).toBe(before);
    expect(shop.cluster.all('restores')).toHaveLength(2);
    expect(shop.cluster.all('schedules')).toHaveLength(2);
    expect(shop.cluster.all('deletebackuprequests')).toHaveLength(0);
    expect(
      shop.cluster.requests.filter(line => !line.startsWith('GET')),
    ).toEqual([]);
  });

  it('refuses whoever is not signed in on every route', async () => {
    await start();
    for (const route of routes) {
      const call = request(portal.server)[route.method as Method](
        `/api/backup${pathFor(route.path, 'orders', 'mine')}`,
      );
      const response = await call
        .set('Authorization', mockCredentials.none.header())
        .send(bodies[route.operationId]);
      expect([route.operationId, response.status]).toEqual([
        route.operationId,
        401,
      ]);
    }
  });

  it(`${denial ? 'denies' : 'allows'} the owner on every route`, async () => {
    await start();
    for (const route of routes) {
      if (route.operationId.startsWith('cancel')) {
        for (const kind of ['backups', 'restores']) {
          const running = shop.cluster.read(kind, 'openshift-adp', 'mine')!;
          running.status = { phase: 'InProgress' };
        }
      }
      if (route.operationId === 'undoRestore') {
        putInPlace('mine');
      }
      const response = await portal.send(
        route.method as Method,
        pathFor(route.path, 'orders', 'mine'),
        route.operationId === 'createRestore'
          ? { backup: 'mine', targetNamespace: 'shop-copy' }
          : bodies[route.operationId],
      );
      const outcome =
        {
          200: 'allowed',
          201: 'allowed',
          202: 'allowed',
          204: 'allowed',
          403: 'denied',
        }[response.status] ?? response.text;
      expect([route.operationId, outcome]).toEqual([
        route.operationId,
        denial ? 'denied' : 'allowed',
      ]);
      resetRuns();
    }
  });
});

describe('what an owner sees', () => {
  beforeEach(async () => {
    portal = await startPortal({ entities, cluster: shop.cluster });
  });

  it('has only what was recorded for the component, whatever labels say', async () => {
    for (const list of ['backups', 'restores', 'schedules']) {
      const { body } = await portal.send('get', `${ours}/${list}`);
      expect(body.items.map(({ name }: { name: string }) => name)).toEqual([
        'mine',
      ]);
    }
  });

  it.each([
    ['get', 'backups/theirs'],
    ['get', 'backups/theirs/logs'],
    ['delete', 'backups/theirs'],
    ['post', 'backups/theirs/restore-preview'],
    ['post', 'backups/theirs/cancel'],
    ['post', 'restores/theirs/cancel'],
    ['post', 'restores/theirs/undo'],
    ['get', 'restores/theirs'],
    ['get', 'restores/theirs/logs'],
    ['patch', 'schedules/theirs'],
    ['delete', 'schedules/theirs'],
    ['post', 'schedules/theirs/run'],
  ] as const)(
    'answers 404 to %s %s, as if it did not exist',
    async (method, path) => {
      const body = method === 'patch' ? { paused: true } : {};
      const send = (item: string) =>
        portal.send(
          method,
          `${ours}/${path.replace('theirs', item)}`,
          method === 'get' ? undefined : body,
        );
      const foreign = await send('theirs');
      const absent = await send('absent');
      expect(foreign.status).toBe(404);
      expect(foreign.body.error.message).toBe(
        absent.body.error.message.replace('absent', 'theirs'),
      );
    },
  );

  it('does not restore a foreign recovery point', async () => {
    const response = await portal.send('post', `${ours}/restores`, {
      backup: 'theirs',
      targetNamespace: 'shop-copy',
    });
    expect(response.status).toBe(404);
    expect(shop.cluster.all('restores')).toHaveLength(2);
  });

  it('says in a row how many volumes are not included, where the engine counted them', async () => {
    const { cluster, uids } = shop;
    const backup = cluster.read('backups', 'openshift-adp', 'mine')!;
    backup.metadata.annotations!['lifeboat.dev/volumes'] =
      '{"count":2,"included":0}';
    cluster.put(
      'backups',
      run('Backup', 'other', scopeFor(orders, 'shop', uids.shop, selector), {
        status: { phase: 'Completed' },
      }),
    );
    const { body } = await portal.send('get', `${ours}/backups`);
    expect(
      body.items.map(
        ({ name, volumes }: { name: string; volumes?: object }) => [
          name,
          volumes,
        ],
      ),
    ).toEqual([
      ['other', undefined],
      ['mine', { count: 2, included: 0 }],
    ]);
  });

  it("does not see points of a wider scope than today's consent", async () => {
    shop.cluster.put(
      'backups',
      run('Backup', 'whole', scopeFor(orders, 'shop', shop.uids.shop), {
        status: { phase: 'Completed' },
      }),
    );
    const { body } = await portal.send('get', `${ours}/backups`);
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual([
      'mine',
    ]);
  });

  it('does not see points without a scope, such as those made by kubectl', async () => {
    shop.cluster.put('backups', {
      metadata: {
        name: 'by-hand',
        namespace: 'openshift-adp',
        labels: { 'lifeboat.dev/entity': 'orders' },
      },
      spec: { includedNamespaces: ['shop'] },
    });
    const { body } = await portal.send('get', `${ours}/backups`);
    expect(body.items).toHaveLength(1);
  });
});

describe('writes', () => {
  beforeEach(async () => {
    portal = await startPortal({ entities, cluster: shop.cluster });
  });

  it('makes a Backup with the scope, the user and the namespace, and audits it', async () => {
    const response = await portal.send('post', `${ours}/backups`, {
      note: 'before 1.8',
      ttl: '48h',
    });
    expect(response.status).toBe(201);
    expect(response.body.name).toMatch(/^orders-\d{8}-\d{4}-[a-z0-9]{5}$/);
    expect(response.body).toMatchObject({
      state: 'waiting',
      phase: 'New',
      cluster: 'demo',
      note: 'before 1.8',
      requestedBy: 'user:default/guest-developer',
      trigger: { type: 'manual' },
      restorable: false,
    });
    const backup = shop.cluster.read(
      'backups',
      'openshift-adp',
      response.body.name,
    )!;
    expect(backup.spec).toEqual({
      includedNamespaces: ['shop'],
      labelSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'orders' } },
      excludedResources: ['events', 'events.events.k8s.io'],
      snapshotMoveData: true,
      storageLocation: 'default',
      ttl: '48h',
    });
    expect(
      JSON.parse(backup.metadata.annotations!['lifeboat.dev/scope']),
    ).toEqual(scopeFor(orders, 'shop', shop.uids.shop, selector));
    expect(portal.auditor.createEvent).toHaveBeenCalledWith(
      expect.objectContaining({
        eventId: 'recovery-point',
        severityLevel: 'medium',
        meta: { actionType: 'create', entityRef: orders },
      }),
    );
    expect(portal.event.success).toHaveBeenCalled();
    const list = await portal.send('get', `${ours}/backups`);
    expect(list.body.items[0].name).toBe(response.body.name);
  });

  it('lets one component have five unfinished runs, not more', async () => {
    const { cluster, uids } = shop;
    for (let index = 0; index < 5; index += 1) {
      for (const [resource, kind] of [
        ['backups', 'Backup'],
        ['restores', 'Restore'],
      ]) {
        cluster.put(
          resource,
          run(
            kind,
            `more-${index}`,
            scopeFor(orders, 'shop', uids.shop, selector),
            { status: { phase: index === 0 ? 'InProgress' : 'New' } },
          ),
        );
      }
    }
    for (const [path, body] of [
      ['backups', {}],
      ['restores', { backup: 'mine', targetNamespace: 'shop-copy' }],
      ['schedules/mine/run', {}],
    ] as const) {
      const refused = await portal.send('post', `${ours}/${path}`, body);
      expect([path, refused.status]).toEqual([path, 409]);
      expect(refused.body.error.message).toContain('are waiting or running');
    }
    cluster.read('backups', 'openshift-adp', 'more-0')!.status = {
      phase: 'Completed',
    };
    // A list serves the requests of half a second.
    await new Promise(resolve => {
      setTimeout(resolve, 600);
    });
    expect((await portal.send('post', `${ours}/backups`, {})).status).toBe(201);
  });

  it('says that a name is taken', async () => {
    const response = await portal.send('post', `${ours}/backups`, {
      name: 'theirs',
    });
    expect(response.status).toBe(409);
    expect(response.body.error.message).toContain('"theirs" is taken');
    expect(portal.event.fail).toHaveBeenCalled();
  });

  it('asks for a deletion once', async () => {
    const first = await portal.send('delete', `${ours}/backups/mine`);
    expect(first.status).toBe(202);
    const second = await portal.send('delete', `${ours}/backups/mine`);
    expect(second.body).toEqual(first.body);
    const [deletion] = shop.cluster.all('deletebackuprequests');
    expect(deletion.spec).toEqual({ backupName: 'mine' });
    const list = await portal.send('get', `${ours}/backups`);
    expect(list.body.items[0]).toMatchObject({
      state: 'deleting',
      restorable: false,
    });
    const restore = await portal.send('post', `${ours}/restores`, {
      backup: 'mine',
      targetNamespace: 'shop-copy',
    });
    expect(restore.status).toBe(409);
    expect(restore.body.error.problem.code).toBe('not-restorable');
  });

  it('does not delete what is being made', async () => {
    shop.cluster.put(
      'backups',
      run(
        'Backup',
        'running',
        scopeFor(orders, 'shop', shop.uids.shop, selector),
        { status: { phase: 'InProgress' } },
      ),
    );
    const response = await portal.send('delete', `${ours}/backups/running`);
    expect(response.status).toBe(409);
  });

  it('asks the engine to stop a run, and only one that runs', async () => {
    const ended = await portal.send('post', `${ours}/backups/mine/cancel`);
    expect(ended.status).toBe(409);
    const mine = shop.cluster.read('backups', 'openshift-adp', 'mine')!;
    mine.status = { phase: 'InProgress' };
    const running = await portal.send('post', `${ours}/backups/mine/cancel`);
    expect(running.status).toBe(202);
    expect(
      shop.cluster.read('backups', 'openshift-adp', 'mine')!.metadata
        .annotations,
    ).toMatchObject({
      'lifeboat.dev/cancel-requested': 'user:default/guest-developer',
      'lifeboat.dev/scope': expect.any(String),
    });
  });

  it('restores into a new namespace', async () => {
    const response = await portal.send('post', `${ours}/restores`, {
      backup: 'mine',
      targetNamespace: 'shop-copy',
      existingResourcePolicy: 'update',
    });
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      backup: 'mine',
      sourceNamespace: 'shop',
      targetNamespace: 'shop-copy',
      inPlace: false,
      state: 'waiting',
    });
    const restore = shop.cluster.read(
      'restores',
      'openshift-adp',
      response.body.name,
    )!;
    expect(restore.spec).toEqual({
      backupName: 'mine',
      includedNamespaces: ['shop'],
      namespaceMapping: { shop: 'shop-copy' },
      existingResourcePolicy: 'update',
    });
  });

  it.each([
    ['payments', 'must be named shop-\\*.*, and an existing one must consent'],
    [
      'other-copy',
      'must be named shop-\\*.*, and an existing one must consent',
    ],
    ['kube-system', 'must be named|name of the cluster'],
    ['openshift-adp', 'holds the backups'],
    ['Shop_Copy', 'is not a namespace name'],
    [`shop-${'x'.repeat(80)}`, 'longer than 63'],
  ])('does not restore into %s', async (targetNamespace, reason) => {
    const response = await portal.send('post', `${ours}/restores`, {
      backup: 'mine',
      targetNamespace,
    });
    expect(response.status).toBe(403);
    expect(response.body.error.problem.code).toBe('target-not-allowed');
    expect(response.body.error.message).toMatch(new RegExp(reason));
    expect(shop.cluster.all('restores')).toHaveLength(2);
  });

  it('restores in place only after a finished safety point', async () => {
    const engine = setInterval(() => {
      for (const backup of shop.cluster.all('backups')) {
        if (!backup.status) {
          backup.status = { phase: 'Completed' };
        }
      }
    }, 100);
    const response = await portal.send('post', `${ours}/restores`, {
      backup: 'mine',
      inPlace: true,
    });
    clearInterval(engine);
    expect(response.status).toBe(201);
    expect(response.body.inPlace).toBe(true);
    const safety = shop.cluster.read(
      'backups',
      'openshift-adp',
      response.body.safetyPoint,
    )!;
    expect(safety.metadata.annotations!['lifeboat.dev/note']).toContain('mine');
  });

  it.each(['Failed', 'PartiallyFailed'])(
    'restores nothing in place when the safety point ends %s',
    async phase => {
      const engine = setInterval(() => {
        for (const backup of shop.cluster.all('backups')) {
          backup.status ??= { phase };
        }
      }, 100);
      const response = await portal.send('post', `${ours}/restores`, {
        backup: 'mine',
        inPlace: true,
      });
      clearInterval(engine);
      expect(response.status).toBe(503);
      expect(response.body.error.message).toContain('nothing was restored');
      expect(shop.cluster.all('restores')).toHaveLength(2);
      const wanted = await portal.send('post', `${ours}/restores`, {
        backup: 'mine',
        inPlace: true,
        skipSafetyPoint: true,
      });
      expect(wanted.status).toBe(201);
    },
  );

  it('takes a safety point that the caller has made, if it holds the present state', async () => {
    const { cluster, uids } = shop;
    const point = (name: string, minutes: number, phase = 'Completed') =>
      cluster.put(
        'backups',
        run('Backup', name, scopeFor(orders, 'shop', uids.shop, selector), {
          status: {
            phase,
            startTimestamp: new Date(
              Date.now() - minutes * 60_000,
            ).toISOString(),
          },
        }),
      );
    point('fresh', 2);
    point('old', 20);
    point('partial', 2, 'PartiallyFailed');
    point('running', 2, 'InProgress');
    const restore = (more: object) =>
      portal.send('post', `${ours}/restores`, { backup: 'mine', ...more });
    for (const [safetyPoint, status, message] of [
      ['old', 409, 'older than 15 minutes'],
      ['partial', 409, 'not complete (PartiallyFailed)'],
      ['running', 409, 'not complete (InProgress)'],
      ['mine', 409, 'what is to be restored'],
      ['theirs', 404, 'no recovery point "theirs"'],
    ] as const) {
      const refused = await restore({ inPlace: true, safetyPoint });
      expect([safetyPoint, refused.status]).toEqual([safetyPoint, status]);
      expect(refused.body.error.message).toContain(message);
    }
    for (const more of [
      { targetNamespace: 'shop-copy', safetyPoint: 'fresh' },
      { inPlace: true, skipSafetyPoint: true, safetyPoint: 'fresh' },
    ]) {
      expect((await restore(more)).status).toBe(400);
    }
    expect(cluster.all('restores')).toHaveLength(2);
    const backups = cluster.all('backups').length;
    const taken = await restore({ inPlace: true, safetyPoint: 'fresh' });
    expect(taken.status).toBe(201);
    expect(taken.body.safetyPoint).toBe('fresh');
    expect(taken.body.name).toMatch(/^orders-restore-/);
    expect(cluster.all('backups')).toHaveLength(backups);
  });

  it('asks the engine once for the volumes from before a restore, and says what became of it', async () => {
    putInPlace('in-place', {
      annotations: {
        'lifeboat.dev/undo': 'refused',
        'lifeboat.dev/undo-message': 'pod by-hand uses the claim',
      },
    });
    const seen = async () =>
      (await portal.send('get', `${ours}/restores/in-place`)).body.undo;
    expect(await seen()).toEqual({
      state: 'refused',
      possible: true,
      claims: ['pgdata'],
      until: expect.stringMatching(/^20.*Z$/),
      keptSeconds: 259_200,
      message: 'pod by-hand uses the claim',
    });
    const answers = await Promise.all(
      [1, 2].map(() => portal.send('post', `${ours}/restores/in-place/undo`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(
      answers.find(({ status }) => status === 202)!.body.undo,
    ).toMatchObject({ state: 'requested', possible: false });
    const asked = shop.cluster.read('restores', 'openshift-adp', 'in-place')!;
    expect(asked.metadata.annotations).toMatchObject({
      'lifeboat.dev/undo': 'requested',
      'lifeboat.dev/scope': expect.any(String),
    });
    expect(asked.metadata.annotations).not.toHaveProperty([
      'lifeboat.dev/undo-message',
    ]);
    expect(await seen()).not.toHaveProperty('message');
    expect(portal.auditor.createEvent).toHaveBeenCalledWith(
      expect.objectContaining({
        eventId: 'restore',
        severityLevel: 'high',
        meta: expect.objectContaining({ actionType: 'undo' }),
      }),
    );
    putInPlace('in-place', {
      stage: 'undone',
      annotations: {
        'lifeboat.dev/undo': 'done',
        'lifeboat.dev/undo-message': 'the claims have their old volumes',
      },
    });
    expect(await seen()).toMatchObject({
      state: 'done',
      possible: false,
      message: 'the claims have their old volumes',
    });
    const { body } = await portal.send('get', `${ours}/restores`);
    expect(
      body.items.find(({ name }: { name: string }) => name === 'in-place').undo
        .state,
    ).toBe('done');
  });

  it('says why a restore cannot be undone', async () => {
    putInPlace('over', { untilMs: -1000 });
    putInPlace('undone', {
      stage: 'undone',
      annotations: { 'lifeboat.dev/undo': 'done' },
    });
    putInPlace('first', { claim: { oldVolume: 'pv-1', newVolume: 'pv-2' } });
    putInPlace('second', { claim: { oldVolume: 'pv-2', newVolume: 'pv-3' } });
    putInPlace('unlucky', { stage: 'undone' });
    putInPlace('third', { phase: 'InProgress', stage: 'staging' });
    const undo = (name: string) =>
      portal.send('post', `${ours}/restores/${name}/undo`);
    const refuses = async (name: string, message: string) => {
      const { status, body } = await undo(name);
      expect([name, status, body.error?.message]).toEqual([
        name,
        409,
        expect.stringContaining(message),
      ]);
    };
    await refuses('mine', 'There is nothing to undo');
    await refuses('unlucky', 'There is nothing to undo');
    await refuses('over', 'The time to undo restore "over" is over');
    await refuses('undone', 'has been undone already');
    await refuses('second', '"third" into the same namespace has not ended');
    shop.cluster.remove('restores', 'openshift-adp', 'third');
    // Lists are shared between requests for half a second.
    await new Promise(resolve => setTimeout(resolve, 600));
    await refuses('first', '"second" was made later: undo that one first');
    expect((await undo('second')).status).toBe(202);
    await refuses('second', 'is being undone already');
    await refuses('first', '"second" is being undone: wait');
  });

  it('makes, pauses, runs and deletes a schedule', async () => {
    const created = await portal.send('post', `${ours}/schedules`, {
      cron: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      ttl: '240h',
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      cron: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      paused: false,
      state: 'new',
      ttl: '240h',
    });
    expect(created.body.nextRuns).toHaveLength(5);
    const { name } = created.body;
    const stored = shop.cluster.read('schedules', 'openshift-adp', name)!;
    expect((stored.spec as { schedule: string }).schedule).toBe(
      'CRON_TZ=Europe/Berlin 0 2 * * *',
    );
    const paused = await portal.send('patch', `${ours}/schedules/${name}`, {
      paused: true,
      cron: '0 3 * * *',
    });
    expect(paused.body).toMatchObject({
      paused: true,
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      nextRuns: [],
    });
    const ran = await portal.send('post', `${ours}/schedules/${name}/run`, {});
    expect(ran.status).toBe(201);
    expect(ran.body.trigger).toEqual({ type: 'schedule', schedule: name });
    const gone = await portal.send('delete', `${ours}/schedules/${name}`);
    expect(gone.status).toBe(204);
    expect(
      shop.cluster.read('schedules', 'openshift-adp', name),
    ).toBeUndefined();
  });
});

describe('bad input', () => {
  beforeEach(async () => {
    portal = await startPortal({ entities, cluster: shop.cluster });
  });

  it.each([
    ['post', 'backups', { color: 'red' }, /color|additional/i],
    ['post', 'backups', { ttl: 'soon' }, /ttl/],
    ['post', 'backups', { ttl: '0h' }, /ttl.*longer than 0/],
    ['post', 'backups', { name: 'Not A Name' }, /name/],
    ['post', 'backups', { note: 'x'.repeat(501) }, /note/],
    ['get', 'backups?limit=0', undefined, /limit/],
    ['get', 'backups?limit=x', undefined, /limit/],
    ['get', 'backups?cursor=%00%00', undefined, /cursor/],
    ['get', 'backups?colour=red', undefined, /colour/],
    ['get', 'backups/UPPER', undefined, /backup/],
    ['post', 'backups/mine/restore-preview', { inPlace: 'yes' }, /inPlace/],
    [
      'post',
      'backups/mine/restore-preview',
      { inPlace: true, targetNamespace: 'shop-copy' },
      /not both/,
    ],
    ['post', 'restores', {}, /backup/],
    ['post', 'restores', { backup: 'mine' }, /Say where/],
    [
      'post',
      'restores',
      { backup: 'mine', targetNamespace: 'shop-x', inPlace: true },
      /not both/,
    ],
    [
      'post',
      'restores',
      {
        backup: 'mine',
        targetNamespace: 'shop-x',
        existingResourcePolicy: 'replace',
      },
      /existingResourcePolicy/,
    ],
    ['get', 'restores?limit=501', undefined, /limit/],
    ['post', 'schedules', {}, /cron/],
    ['post', 'schedules', { cron: 'every night' }, /cron/],
    ['post', 'schedules', { cron: '99 2 * * *' }, /cron.*minute/],
    ['post', 'schedules', { cron: 'CRON_TZ=UTC 0 2 * * *' }, /timeZone/],
    [
      'post',
      'schedules',
      { cron: '0 2 * * *', timeZone: 'Mars/Olympus' },
      /timeZone.*Mars/,
    ],
    ['post', 'schedules', { cron: '* * * * *' }, /5 minutes apart/],
    ['post', 'schedules', { cron: '@every 10s' }, /5 minutes apart/],
    ['post', 'schedules', { cron: '0,1 3 * * *' }, /5 minutes apart/],
    ['patch', 'schedules/mine', { cron: '*/2 * * * *' }, /5 minutes apart/],
    ['patch', 'schedules/mine', {}, /body/],
    ['patch', 'schedules/mine', { cron: '0 2 * *' }, /cron/],
    ['patch', 'schedules/mine', { name: 'x' }, /name|additional/i],
  ] as const)('%s %s %j → 400', async (method, path, body, message) => {
    const response = await portal.send(method, `${ours}/${path}`, body);
    expect([response.status, response.body.error?.message]).toEqual([
      400,
      expect.stringMatching(message),
    ]);
    expect(
      shop.cluster.requests.filter(line => !line.startsWith('GET')),
    ).toEqual([]);
  });

  it('answers 404 for an entity that does not exist', async () => {
    const response = await portal.send(
      'get',
      '/entities/component/default/nothing/backups',
    );
    expect(response.status).toBe(404);
  });
});

describe('polling', () => {
  it('answers 304 as long as nothing changes', async () => {
    portal = await startPortal({ entities, cluster: shop.cluster });
    for (const path of [
      'protection',
      'backups',
      'backups/mine',
      'restores',
      'restores/mine',
      'schedules',
    ]) {
      const first = await portal.send('get', `${ours}/${path}`);
      expect(first.headers.etag).toMatch(/^W\//);
      // A browser adds this as soon as a page sets If-None-Match.
      const again = await portal
        .send('get', `${ours}/${path}`)
        .set('If-None-Match', first.headers.etag)
        .set('Cache-Control', 'no-cache');
      expect([path, again.status, again.text]).toEqual([path, 304, '']);
    }
    const { headers } = await portal.send('get', `${ours}/backups`);
    await portal.send('post', `${ours}/backups`, {});
    const changed = await portal
      .send('get', `${ours}/backups`)
      .set('If-None-Match', headers.etag);
    expect(changed.status).toBe(200);
  });

  it('pages through a list without gaps', async () => {
    const scope = scopeFor(orders, 'shop', shop.uids.shop, selector);
    for (let i = 0; i < 7; i += 1) {
      shop.cluster.put('backups', run('Backup', `point-${i}`, scope));
    }
    portal = await startPortal({ entities, cluster: shop.cluster });
    const names: string[] = [];
    let cursor = '';
    do {
      const { body } = await portal.send(
        'get',
        `${ours}/backups?limit=3${cursor && `&cursor=${cursor}`}`,
      );
      names.push(...body.items.map(({ name }: { name: string }) => name));
      cursor = body.nextCursor ?? '';
    } while (cursor);
    expect(names).toHaveLength(8);
    expect(new Set(names).size).toBe(8);
    expect(names[0]).toBe('point-6');
  });
});

describe('volume data', () => {
  const progress = (more: object) => ({
    'lifeboat.dev/progress': JSON.stringify({
      bytesPerSecond: 40_000_000,
      filesDone: 12,
      updatedAt: '2026-11-23T08:00:03Z',
      ...more,
    }),
  });
  const dataUpload = (
    uid: string,
    name: string,
    namespace: string,
    status: object,
    annotations = {},
  ) =>
    shop.cluster.put('datauploads', {
      apiVersion: 'velero.io/v2alpha1',
      kind: 'DataUpload',
      metadata: {
        name,
        namespace: 'openshift-adp',
        labels: { 'velero.io/backup-uid': uid },
        annotations,
      },
      spec: { sourcePVC: name, sourceNamespace: namespace },
      status,
    });

  it('is followed while it travels, and only that of the own namespace', async () => {
    const { cluster, uids } = shop;
    const { metadata } = cluster.put(
      'backups',
      run('Backup', 'moving', scopeFor(orders, 'shop', uids.shop, selector), {
        status: {
          phase: 'WaitingForPluginOperations',
          startTimestamp: '2026-11-23T08:00:01Z',
          progress: { totalItems: 47, itemsBackedUp: 47 },
        },
      }),
    );
    const uid = metadata.uid!;
    dataUpload(
      uid,
      'pgdata',
      'shop',
      {
        phase: 'InProgress',
        startTimestamp: '2026-11-23T08:00:02Z',
        progress: { bytesDone: 400, totalBytes: 900 },
      },
      progress({ secondsLeft: 13, bytesHashed: 400, filesTotal: 20 }),
    );
    dataUpload(
      uid,
      'uploads',
      'shop',
      {
        phase: 'Completed',
        incrementalBytes: 20,
        progress: { bytesDone: 100, totalBytes: 100 },
      },
      progress({ bytesUploaded: 7 }),
    );
    dataUpload(uid, 'secrets', 'payments', { phase: 'InProgress' });
    dataUpload('of-another', 'other', 'shop', { phase: 'InProgress' });
    cluster.put('podvolumebackups', {
      apiVersion: 'velero.io/v1',
      kind: 'PodVolumeBackup',
      metadata: {
        name: 'cache',
        namespace: 'openshift-adp',
        labels: { 'velero.io/backup-uid': uid },
      },
      spec: {
        pod: { kind: 'Pod', namespace: 'shop', name: 'web-0' },
        volume: 'cache',
      },
      status: {
        phase: 'Failed',
        message: 'AWS_SECRET_ACCESS_KEY=hunter2 is odd',
      },
    });
    portal = await startPortal({ entities, cluster });

    const { body, text } = await portal.send('get', `${ours}/backups/moving`);
    expect(body.volumesList).toEqual([
      {
        pvc: 'pgdata',
        namespace: 'shop',
        included: false,
        state: 'running',
        method: 'snapshot-moved',
        resource: { kind: 'DataUpload', name: 'pgdata', phase: 'InProgress' },
        startedAt: '2026-11-23T08:00:02Z',
        bytesDone: 400,
        bytesTotal: 900,
        bytesPerSecond: 40_000_000,
        secondsLeft: 13,
        filesDone: 12,
        filesTotal: 20,
      },
      {
        pvc: 'uploads',
        namespace: 'shop',
        included: true,
        state: 'done',
        method: 'snapshot-moved',
        resource: { kind: 'DataUpload', name: 'uploads', phase: 'Completed' },
        bytesDone: 100,
        bytesTotal: 100,
        filesDone: 12,
        sizeBytes: 100,
        newBytes: 20,
        storedBytes: 7,
      },
      {
        pvc: 'cache',
        pod: 'web-0',
        namespace: 'shop',
        included: false,
        state: 'failed',
        method: 'file-system',
        resource: { kind: 'PodVolumeBackup', name: 'cache', phase: 'Failed' },
        reason: expect.not.stringContaining('hunter2'),
      },
    ]);
    expect(text).not.toMatch(/payments|secrets|of-another/);
    expect(body.notes).toEqual([]);

    const list = await portal.send('get', `${ours}/backups?limit=1`);
    expect(list.body.items[0].progress).toEqual({
      itemsDone: 47,
      itemsTotal: 47,
      volumes: {
        done: 2,
        total: 3,
        bytesDone: 500,
        bytesPerSecond: 40_000_000,
      },
    });

    // The answer has a new ETag when a volume has come further, and none when nothing has.
    const first = await portal.send('get', `${ours}/backups/moving`);
    const same = await portal.send('get', `${ours}/backups/moving`);
    expect(same.headers.etag).toBe(first.headers.etag);
    dataUpload(
      uid,
      'pgdata',
      'shop',
      {
        phase: 'InProgress',
        progress: { bytesDone: 500, totalBytes: 900 },
      },
      progress({}),
    );
    // Lists are shared by the requests of the same moment.
    await new Promise(resolve => setTimeout(resolve, 600));
    const next = await portal.send('get', `${ours}/backups/moving`);
    expect(next.headers.etag).not.toBe(first.headers.etag);
    expect(next.body.volumesList[0].bytesDone).toBe(500);
  });

  it('is followed on its way back', async () => {
    const { cluster, uids } = shop;
    const { metadata } = cluster.put(
      'restores',
      run(
        'Restore',
        'returning',
        scopeFor(orders, 'shop', uids.shop, selector),
        {
          spec: { backupName: 'mine', namespaceMapping: { shop: 'shop-copy' } },
          status: {
            phase: 'WaitingForPluginOperations',
            progress: { totalItems: 9, itemsRestored: 9 },
          },
        },
      ),
    );
    for (const namespace of ['shop-copy', 'payments-copy'])
      cluster.put('datadownloads', {
        apiVersion: 'velero.io/v2alpha1',
        kind: 'DataDownload',
        metadata: {
          name: `into-${namespace}`,
          namespace: 'openshift-adp',
          labels: { 'velero.io/restore-uid': metadata.uid! },
        },
        spec: {
          targetVolume: { pvc: 'pgdata', pv: '', namespace },
          sourceNamespace: 'shop',
        },
        status: {
          phase: 'InProgress',
          progress: { bytesDone: 1, totalBytes: 2 },
        },
      });
    portal = await startPortal({ entities, cluster });
    const { body, text } = await portal.send(
      'get',
      `${ours}/restores/returning`,
    );
    expect(body).toMatchObject({
      progress: { volumes: { done: 0, total: 1, bytesDone: 1, bytesTotal: 2 } },
      volumesList: [
        {
          pvc: 'pgdata',
          namespace: 'shop-copy',
          state: 'running',
          included: false,
          method: 'snapshot-moved',
          bytesDone: 1,
          bytesTotal: 2,
        },
      ],
    });
    expect(text).not.toContain('payments');

    const list = await portal.send('get', `${ours}/restores`);
    expect(
      list.body.items.find(
        (each: { name: string }) => each.name === 'returning',
      ).progress.volumes,
    ).toMatchObject({ bytesDone: 1, bytesTotal: 2 });
  });

  it('is followed back into a claim that is there', async () => {
    const { cluster, uids } = shop;
    const { metadata } = cluster.put(
      'restores',
      run(
        'Restore',
        'in-place',
        scopeFor(orders, 'shop', uids.shop, selector),
        {
          annotations: {
            'lifeboat.dev/in-place-state': JSON.stringify({
              stage: 'staging',
              namespace: 'shop',
              claims: [
                { name: 'pgdata', staging: 'ip-1', download: 'into-staging' },
              ],
              workloads: [],
            }),
          },
          spec: { backupName: 'mine' },
          status: {
            phase: 'InProgress',
            progress: { totalItems: 9, itemsRestored: 9 },
          },
        },
      ),
    );
    cluster.put('datadownloads', {
      apiVersion: 'velero.io/v2alpha1',
      kind: 'DataDownload',
      metadata: {
        name: 'into-staging',
        namespace: 'openshift-adp',
        labels: { 'velero.io/restore-uid': metadata.uid! },
      },
      spec: {
        targetVolume: { pvc: 'ip-1', pv: '', namespace: 'openshift-adp' },
        sourceNamespace: 'shop',
      },
      status: {
        phase: 'InProgress',
        progress: { bytesDone: 1, totalBytes: 4 },
      },
    });
    portal = await startPortal({ entities, cluster });
    const { body } = await portal.send('get', `${ours}/restores/in-place`);
    expect(body).toMatchObject({
      inPlace: true,
      progress: { volumes: { total: 1, bytesDone: 1, bytesTotal: 4 } },
      volumesList: [{ pvc: 'pgdata', namespace: 'shop', state: 'running' }],
    });
  });
});

describe('what storage holds', () => {
  it('is shown masked, bounded and limited to the scope', async () => {
    const { cluster } = shop;
    const store = await openBackupStore(
      cluster.read(
        'backupstoragelocations',
        'openshift-adp',
        'default',
      ) as unknown as BackupStorageLocation,
      {
        client: createClusterClient({
          name: 'demo',
          url: cluster.url,
          token: cluster.token,
        }),
        namespace: 'openshift-adp',
      },
    );
    await store.putBackupJson('mine', 'resourceList', {
      'v1/Namespace': ['payments', 'shop'],
      'v1/ConfigMap': ['payments/theirs', 'shop/web'],
      'v1/PersistentVolumeClaim': ['shop/pgdata'],
      'apps/v1/Deployment': ['shop/web'],
      'example.com/v1/Gone': ['shop/gone'],
    });
    await store.putBackupJson('mine', 'results', {
      warnings: {
        namespaces: {
          shop: ['Volume pgdata: its data is not included'],
          payments: ['Something about the other team'],
        },
      },
      errors: {
        velero: ['upload: https://s3/x?X-Amz-Signature=abcdef failed'],
      },
    });
    await store.putBackupJson('mine', 'volumeInfo', [
      {
        pvcName: 'pgdata',
        pvcNamespace: 'shop',
        snapshotDataMoved: false,
        preserveLocalSnapshot: false,
        skipped: true,
        skippedReason: 'Volume data is not backed up yet',
      },
    ]);
    const log = [
      'time="2026-11-23T08:00:01Z" level=info msg="Backing up 47 objects" backup=openshift-adp/mine',
      'time="2026-11-23T08:00:02Z" level=warning msg="Secret db: password=hunter2 is odd" name=db namespace=shop',
      'time="2026-11-23T08:00:03Z" level=info msg="Backed up" name=theirs namespace=payments',
      'not logrus',
    ].join('\n');
    await store.putBackupFile('mine', 'logs', gzipSync(log));
    await store.putBackupFile('mine', 'contents', Buffer.alloc(1234));
    await store.putRestoreJson('mine', 'resourceList', {
      'v1/ConfigMap': ['shop-copy/web(created)', 'payments/x(created)'],
      'v1/PersistentVolumeClaim': ['shop-copy/pgdata(created)'],
      'v1/Namespace': ['shop-copy(created)'],
    });
    // An installed Velero signs nothing, so the preview goes by the stored lists.
    portal = await startPortal({
      entities,
      cluster,
      backup: { engine: 'velero' },
    });

    const detail = await portal.send('get', `${ours}/backups/mine`);
    expect(detail.body).toMatchObject({
      name: 'mine',
      state: 'done',
      objects: 47,
      volumes: { count: 1, included: 0 },
      sizeBytes: 1234,
      storageLocation: 'default',
      kubectl: 'kubectl get backup mine -n openshift-adp -o yaml',
      notes: [
        'Objects only: the data of 1 volume is not included',
        expect.stringContaining('The installed Velero takes only'),
      ],
      resources: [
        { kind: 'ConfigMap', apiVersion: 'v1', objects: ['web'] },
        { kind: 'Deployment', apiVersion: 'apps/v1', objects: ['web'] },
        { kind: 'Gone', apiVersion: 'example.com/v1', objects: ['gone'] },
        { kind: 'Namespace', apiVersion: 'v1', objects: ['shop'] },
        {
          kind: 'PersistentVolumeClaim',
          apiVersion: 'v1',
          objects: ['pgdata'],
        },
      ],
      warningsList: [
        {
          scope: 'namespace',
          namespace: 'shop',
          message: 'Volume pgdata: its data is not included',
        },
      ],
      phases: [
        { phase: 'New' },
        { phase: 'InProgress', at: shop.cluster.at(1) },
        { phase: 'Completed', at: shop.cluster.at(5) },
      ],
    });
    expect(detail.text).not.toMatch(/payments|theirs|other team|abcdef/);

    const logs = await portal.send('get', `${ours}/backups/mine/logs`);
    expect(logs.body).toEqual({
      complete: true,
      truncated: false,
      lines: [
        {
          time: '2026-11-23T08:00:01Z',
          level: 'info',
          message: 'Backing up 47 objects',
        },
        {
          time: '2026-11-23T08:00:02Z',
          level: 'warning',
          message: 'Secret db: password=•••••• is odd name=db namespace=shop',
        },
        { message: 'not logrus' },
      ],
    });

    const restored = await portal.send('get', `${ours}/restores/mine`);
    expect(restored.body).toMatchObject({
      targetNamespace: 'shop-copy',
      notes: ['Objects only: the data of 1 volume is not included'],
      resources: [
        { kind: 'ConfigMap', objects: [{ name: 'web', result: 'created' }] },
        { kind: 'Namespace' },
        { kind: 'PersistentVolumeClaim' },
      ],
    });
    expect(restored.text).not.toContain('payments');

    const copy = await portal.send(
      'post',
      `${ours}/backups/mine/restore-preview`,
      {},
    );
    const day = new Date().toISOString().slice(5, 10).replace('-', '');
    expect(copy.body).toMatchObject({
      sourceNamespace: 'shop',
      targetNamespace: `shop-restore-${day}`,
      suggestedNamespace: `shop-restore-${day}`,
      allowedPatterns: ['shop-*'],
      namespaceState: 'new',
      allowed: true,
      problems: [],
      totals: { create: 4, exists: 0, skipped: 1 },
      notes: ['Objects only: the data of 1 volume is not included'],
    });
    const place = await portal.send(
      'post',
      `${ours}/backups/mine/restore-preview`,
      { inPlace: true },
    );
    expect(place.body).toMatchObject({
      targetNamespace: 'shop',
      namespaceState: 'existing',
      totals: { create: 2, exists: 2, skipped: 1 },
    });
    const foreign = await portal.send(
      'post',
      `${ours}/backups/mine/restore-preview`,
      { targetNamespace: 'payments' },
    );
    expect(foreign.body).toMatchObject({
      namespaceState: 'forbidden',
      allowed: false,
      problems: [{ code: 'target-not-allowed' }],
      resources: [],
    });
  });

  it('is missed with a note when storage cannot be read', async () => {
    const { cluster } = shop;
    const location = cluster.read(
      'backupstoragelocations',
      'openshift-adp',
      'default',
    )!;
    cluster.put('backupstoragelocations', {
      ...location,
      spec: {
        provider: 'lifeboat.dev/filesystem',
        objectStorage: { bucket: 'lifeboat' },
        config: { path: '/nowhere/at/all' },
      },
      status: { phase: 'Unavailable', message: 'The folder does not exist' },
    });
    portal = await startPortal({ entities, cluster });
    const detail = await portal.send('get', `${ours}/backups/mine`);
    expect(detail.status).toBe(200);
    expect(detail.body.notes.join()).toMatch(/not available/);
    const logs = await portal.send('get', `${ours}/backups/mine/logs`);
    expect(logs.status).toBe(503);
    expect(logs.body.error.problem.code).toBe('storage-unavailable');
    const created = await portal.send('post', `${ours}/backups`, {});
    expect(created.status).toBe(503);
    const protection = await portal.send('get', `${ours}/protection`);
    expect(protection.body).toMatchObject({
      state: 'at-risk',
      problem: {
        code: 'storage-unavailable',
        message: expect.stringContaining('The folder does not exist'),
        command:
          'kubectl describe backupstoragelocation default -n openshift-adp',
      },
    });
    cluster.put('backupstoragelocations', location);
  });
});

describe('protection', () => {
  it('knows the next run of a schedule that was just made', async () => {
    portal = await startPortal({ entities, cluster: shop.cluster });
    shop.cluster.remove('schedules', 'openshift-adp', 'mine');
    await portal.send('post', `${ours}/schedules`, { cron: '0 2 * * *' });
    const { body } = await portal.send('get', `${ours}/protection`);
    expect(body.nextRun).toMatch(/T02:00:00/);
  });

  it('says what is protected, by what and until when', async () => {
    portal = await startPortal({ entities, cluster: shop.cluster });
    const { body } = await portal.send('get', `${ours}/protection`);
    expect(body).toMatchObject({
      state: 'protected',
      reason: 'The last recovery point is complete.',
      target: {
        cluster: 'demo',
        namespace: 'shop',
        selector,
        controlNamespace: 'openshift-adp',
      },
      clusters: [{ name: 'demo' }],
      engine: { state: 'running' },
      storage: [{ name: 'default', state: 'available' }],
      lastPoint: {
        name: 'mine',
        completedAt: shop.cluster.at(5),
        objects: 47,
      },
      objectCount: 1,
      volumeCount: 0,
      permissions: {
        create: true,
        delete: true,
        restore: true,
        schedule: true,
      },
    });
    expect(body.nextRun).toMatch(/T02:00:00/);
    expect(body).not.toHaveProperty('problem');
  });

  it('does not count volumes without data as protected', async () => {
    shop.cluster.put('persistentvolumeclaims', {
      metadata: {
        name: 'pgdata',
        namespace: 'shop',
        labels: { 'app.kubernetes.io/part-of': 'orders' },
      },
    });
    portal = await startPortal({ entities, cluster: shop.cluster });
    const { body } = await portal.send('get', `${ours}/protection`);
    shop.cluster.remove('persistentvolumeclaims', 'shop', 'pgdata');
    expect(body).toMatchObject({
      state: 'at-risk',
      reason:
        'The last recovery point does not say whether the data of the volume is in it.',
    });
  });

  it.each([
    ['no annotation', {}, 'annotation-missing', 'unprotected'],
    [
      'an unknown cluster',
      {
        'backstage.io/kubernetes-cluster': 'mars',
        'backstage.io/kubernetes-namespace': 'shop',
      },
      'cluster-unknown',
      'unknown',
    ],
    [
      'a namespace that is not there',
      { 'backstage.io/kubernetes-namespace': 'nowhere' },
      'namespace-missing',
      'unknown',
    ],
    [
      'an empty selector',
      {
        'backstage.io/kubernetes-namespace': 'shop',
        'backstage.io/kubernetes-label-selector': ' ',
      },
      'selector-invalid',
      'unknown',
    ],
    [
      'a broken selector',
      {
        'backstage.io/kubernetes-namespace': 'shop',
        'backstage.io/kubernetes-label-selector': 'a in (b',
      },
      'selector-invalid',
      'unknown',
    ],
    [
      'the namespace of the engine',
      { 'backstage.io/kubernetes-namespace': 'openshift-adp' },
      'consent-missing',
      'unprotected',
    ],
    [
      'only an id that no consenting namespace knows',
      { 'backstage.io/kubernetes-id': 'orders' },
      'consent-missing',
      'unprotected',
    ],
  ] as const)('explains %s', async (_title, annotations, code, state) => {
    portal = await startPortal({
      entities: [component('orders', 'team-orders', annotations)],
      cluster: shop.cluster,
    });
    const { status, body } = await portal.send('get', `${ours}/protection`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state, problem: { code } });
    const list = await portal.send('get', `${ours}/backups`);
    expect(list.status).toBeGreaterThanOrEqual(400);
    expect(list.body.error.problem.code).toBe(code);
  });

  it('lets a deleted namespace be brought back by whom it had consented to', async () => {
    const namespace = shop.cluster.read('namespaces', '', 'shop')!;
    shop.cluster.remove('namespaces', undefined, 'shop');
    portal = await startPortal({
      entities: [
        ...entities,
        component('lurker', 'team-orders', {
          'backstage.io/kubernetes-namespace': 'shop',
        }),
      ],
      cluster: shop.cluster,
    });
    const { body } = await portal.send('get', `${ours}/protection`);
    const created = await portal.send('post', `${ours}/backups`, {});
    const restored = await portal.send('post', `${ours}/restores`, {
      backup: 'mine',
      inPlace: true,
    });
    const lurker = await portal.send(
      'get',
      '/entities/component/default/lurker/backups',
    );
    shop.cluster.put('namespaces', namespace);
    expect(body).toMatchObject({
      state: 'at-risk',
      problem: { code: 'namespace-missing' },
      lastPoint: { name: 'mine' },
    });
    expect(created.body.error.problem.code).toBe('namespace-missing');
    expect(restored.body).toMatchObject({
      inPlace: true,
      targetNamespace: 'shop',
    });
    expect(restored.body).not.toHaveProperty('safetyPoint');
    expect(lurker.body.error.problem.code).toBe('namespace-missing');
  });

  it('finds the namespace by consent and selector', async () => {
    portal = await startPortal({
      entities: [
        component('orders', 'team-orders', {
          'backstage.io/kubernetes-label-selector': selector,
        }),
      ],
      cluster: shop.cluster,
    });
    const { body } = await portal.send('get', `${ours}/protection`);
    expect(body.target).toMatchObject({ namespace: 'shop', selector });
  });

  it('lets the user choose among several clusters', async () => {
    portal = await startPortal({
      entities: [
        component('orders', 'team-orders', {
          'backstage.io/kubernetes-namespace': 'shop',
          'backstage.io/kubernetes-label-selector': selector,
        }),
      ],
      cluster: shop.cluster,
      backup: {
        clusters: [
          {
            name: 'demo',
            url: shop.cluster.url,
            serviceAccountToken: shop.cluster.token,
          },
          {
            name: 'other',
            title: 'The other one',
            url: 'http://127.0.0.1:9',
            serviceAccountToken: 'x',
          },
        ],
      },
    });
    const { body } = await portal.send('get', `${ours}/protection`);
    expect(body).toMatchObject({
      problem: { code: 'choose-cluster' },
      clusters: [{ name: 'demo' }, { name: 'other', title: 'The other one' }],
    });
    const unchosen = await portal.send('get', `${ours}/backups`);
    expect(unchosen.status).toBe(400);
    const chosen = await portal.send('get', `${ours}/backups?cluster=demo`);
    expect(chosen.body.items).toHaveLength(1);
    const unknown = await portal.send('get', `${ours}/backups?cluster=mars`);
    expect(unknown.body.error.problem.code).toBe('cluster-unknown');
  });

  it('says that a cluster cannot be reached, and that its engine is stopped', async () => {
    portal = await startPortal({
      entities,
      cluster: shop.cluster,
      backup: {
        clusters: [
          {
            name: 'demo',
            url: 'http://127.0.0.1:9',
            serviceAccountToken: 'x',
          },
        ],
      },
    });
    const { body, text } = await portal.send('get', `${ours}/protection`);
    expect(body).toMatchObject({
      state: 'unknown',
      problem: { code: 'cluster-unreachable' },
    });
    expect(text).not.toContain('127.0.0.1');
    const status = await portal.send('get', '/status');
    expect(status.body).toMatchObject({
      engine: { mode: 'external', state: 'not-managed' },
      clusters: [{ name: 'demo', reachable: false }],
    });
    await portal.server.stop();

    const lease = shop.cluster.read(
      'leases',
      'openshift-adp',
      'lifeboat-engine',
    )!;
    shop.cluster.put('leases', {
      ...lease,
      spec: { ...(lease.spec as object), renewTime: '2026-01-01T00:00:00Z' },
    });
    portal = await startPortal({ entities, cluster: shop.cluster });
    const stopped = await portal.send('get', `${ours}/protection`);
    shop.cluster.put('leases', lease);
    expect(stopped.body).toMatchObject({
      state: 'at-risk',
      engine: { state: 'stopped' },
      problem: { code: 'engine-stopped' },
    });
  });
});

describe('who carries out backups', () => {
  it.each([
    ['external', { state: 'running' }, true],
    [
      'velero',
      {
        state: 'unknown',
        message: 'Backups are carried out by the installed Velero.',
      },
      false,
    ],
  ])(
    'is said with %s, and no engine is started',
    async (engine, state, readsLease) => {
      portal = await startPortal({
        entities,
        cluster: shop.cluster,
        backup: { engine },
        identities: ['group:default/team-orders'],
      });
      shop.cluster.requests.length = 0;
      const { body } = await portal.send('get', `${ours}/protection`);
      expect(body.engine).toEqual(state);
      expect(body.state).toBe('protected');
      expect(body).not.toHaveProperty('problem');
      expect(
        shop.cluster.requests.some(line => line.includes('/leases/')),
      ).toBe(readsLease);
      const status = await portal.send('get', '/status');
      expect(status.body.engine).toEqual({
        mode: engine,
        state: 'not-managed',
        restarts: 0,
      });
      const detail = await portal.send('get', `${ours}/backups/mine`);
      expect(
        detail.body.notes.some((note: string) =>
          note.startsWith('The installed Velero takes only objects that match'),
        ),
      ).toBe(engine === 'velero');
      const made = await portal.send('post', `${ours}/backups`, {});
      expect(made.status).toBe(201);
    },
  );
});

describe('ownership that is not required', () => {
  it('leaves consent and permissions in force', async () => {
    portal = await startPortal({
      entities,
      cluster: shop.cluster,
      backup: { access: { requireOwnership: false } },
    });
    const foreign = await portal.send(
      'get',
      '/entities/component/default/payments/backups',
    );
    expect(foreign.body.items).toHaveLength(1);
    const sneaky = await portal.send(
      'get',
      '/entities/component/default/sneaky/backups',
    );
    expect(sneaky.body.error.problem.code).toBe('consent-missing');
  });

  it("does not lend another team's consent to who merely names that team", async () => {
    shop.cluster.put('namespaces', {
      metadata: {
        name: 'payments',
        uid: shop.uids.payments,
        annotations: {
          'lifeboat.dev/entities': '["group:default/team-payments"]',
        },
      },
    });
    const borrowed = component('borrowed', 'team-payments', {
      'backstage.io/kubernetes-namespace': 'payments',
    });
    portal = await startPortal({
      entities: [borrowed],
      cluster: shop.cluster,
      backup: { access: { requireOwnership: false } },
    });
    const { body } = await portal.send(
      'get',
      '/entities/component/default/borrowed/backups',
    );
    shop.cluster.put('namespaces', {
      metadata: {
        name: 'payments',
        uid: shop.uids.payments,
        annotations: {
          'lifeboat.dev/entities': '["component:default/payments"]',
        },
      },
    });
    expect(body.error.problem.code).toBe('consent-missing');
  });
});
