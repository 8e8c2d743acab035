import { setTimeout as delay } from 'node:timers/promises';
import { problemOf } from '@lifeboat/backstage-plugin-backup-common';
import { coreTypes } from '@lifeboat/engine';
import { eventually } from '../cluster/eventually';
import { mockedNeighbours } from './__testUtils__/mockedNeighbours';
import {
  componentIn,
  developer,
  PortalStage,
} from './__testUtils__/PortalStage';

jest.setTimeout(180_000);

const orders = { kind: 'component', namespace: 'default', name: 'orders' };
const selector = 'app.kubernetes.io/part-of=orders';
const ours = { 'app.kubernetes.io/part-of': 'orders' };

let stage: PortalStage;

beforeAll(async () => {
  const entities = [
    componentIn('orders', 'team-orders', 'shop', selector),
    componentIn('payments', 'team-payments', 'payments'),
    componentIn('sneaky', 'team-orders', 'payments'),
  ];
  stage = await PortalStage.start(mockedNeighbours(entities));
  await stage.addNamespace('shop', [
    { entity: 'component:default/orders', selector },
    { entity: 'component:default/reports', selector: 'app=reports' },
  ]);
  await stage.addNamespace('payments', ['component:default/payments']);
  await stage.addConfigMap('shop', 'web', ours, { colour: 'green' });
  await stage.addConfigMap('shop', 'reports', { app: 'reports' }, { a: 'b' });
  await stage.addConfigMap('payments', 'theirs', {}, { secret: 'sauce' });
});

afterAll(async () => {
  await stage?.stop();
});

async function refused(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return {
    status: (error as { statusCode?: number } | undefined)?.statusCode,
    problem: problemOf(error)?.code,
  };
}

it('backs a component up and restores it as a copy and in place, by the API alone', async () => {
  const { api, token } = stage;
  const before = await api.getProtection(orders, { token });
  expect(before).toMatchObject({
    state: 'unprotected',
    target: { cluster: 'demo', namespace: 'shop', selector },
    engine: { state: 'running' },
    storage: [{ name: 'default', state: 'available' }],
  });

  const created = await api.createRecoveryPoint(
    orders,
    { note: 'the first' },
    { token },
  );
  const listed = await api.listRecoveryPoints(orders, { token });
  expect(listed.items.map(({ name }) => name)).toEqual([created.name]);
  const point = await eventually('the backup has ended', async () => {
    const detail = await api.getRecoveryPoint(orders, created.name, { token });
    return ['waiting', 'running'].includes(detail.state) ? undefined : detail;
  });
  expect(point).toMatchObject({
    state: 'done',
    phase: 'Completed',
    requestedBy: developer,
    note: 'the first',
    restorable: true,
    errors: 0,
  });
  const inPoint = point.resources.flatMap(({ kind, objects }) =>
    objects.map(name => `${kind}/${name}`),
  );
  expect(inPoint).toContain('ConfigMap/web');
  expect(inPoint).not.toContain('ConfigMap/reports');
  const logs = await api.getRecoveryPointLogs(orders, created.name, { token });
  expect(logs.complete).toBe(true);
  expect(logs.lines.length).toBeGreaterThan(0);
  expect((await api.getProtection(orders, { token })).state).toBe('protected');

  const preview = await api.previewRestore(orders, created.name, {}, { token });
  expect(preview).toMatchObject({ allowed: true, namespaceState: 'new' });
  expect(preview.totals.create).toBeGreaterThan(0);
  const copy = await api.createRestore(
    orders,
    {
      backup: created.name,
      targetNamespace: preview.suggestedNamespace,
    },
    { token },
  );
  const restored = await eventually('the restore has ended', async () => {
    const detail = await api.getRestore(orders, copy.name, { token });
    return ['waiting', 'running'].includes(detail.state) ? undefined : detail;
  });
  expect([restored.state, restored.errorsList]).toEqual(['done', []]);
  expect(
    await stage.names(coreTypes.configMaps, preview.suggestedNamespace),
  ).toContain('web');
  expect(
    (await api.getRestoreLogs(orders, copy.name, { token })).complete,
  ).toBe(true);

  const next = await api.previewRestore(orders, created.name, {}, { token });
  expect(next.suggestedNamespace).not.toBe(preview.suggestedNamespace);
  const again = await api.previewRestore(
    orders,
    created.name,
    { targetNamespace: preview.suggestedNamespace },
    { token },
  );
  // The engine has made the copy with the consent of the original.
  expect(again).toMatchObject({ allowed: true, namespaceState: 'existing' });
  expect(again.totals.create).toBe(0);
  expect(again.totals.exists).toBeGreaterThan(0);
  const foreign = await api.previewRestore(
    orders,
    created.name,
    { targetNamespace: 'payments' },
    { token },
  );
  expect(foreign).toMatchObject({
    allowed: false,
    namespaceState: 'forbidden',
    resources: [],
  });

  await stage.client.delete(coreTypes.configMaps, {
    namespace: 'shop',
    name: 'web',
  });
  const place = await api.createRestore(
    orders,
    { backup: created.name, inPlace: true },
    { token },
  );
  expect(place.safetyPoint).toBeDefined();
  await eventually(
    'the restore in place has ended',
    async () =>
      (await api.getRestore(orders, place.name, { token })).state === 'done',
  );
  expect(await stage.names(coreTypes.configMaps, 'shop')).toContain('web');

  await api.deleteRecoveryPoint(orders, created.name, { token });
  await eventually(
    'the recovery point is gone',
    async () =>
      !(
        await api.listRecoveryPoints(orders, { token })
      ).items.some(({ name }) => name === created.name),
  );
});

it('runs a schedule now', async () => {
  const { api, token } = stage;
  const schedule = await api.createSchedule(
    orders,
    { cron: '0 2 * * *', timeZone: 'Europe/Berlin', ttl: '48h' },
    { token },
  );
  await eventually('the schedule is enabled', async () =>
    (
      await api.listSchedules(orders, { token })
    ).items.some(({ state }) => state === 'enabled'),
  );
  const point = await api.runSchedule(orders, schedule.name, { token });
  const done = await eventually('the scheduled backup has ended', async () => {
    const detail = await api.getRecoveryPoint(orders, point.name, { token });
    return detail.state === 'done' ? detail : undefined;
  });
  expect(done.trigger).toEqual({ type: 'schedule', schedule: schedule.name });
  await api.deleteSchedule(orders, schedule.name, { token });
  expect((await api.listSchedules(orders, { token })).items).toEqual([]);
});

it('says in the list what a point does not hold, and restores in place after a safety point of the caller', async () => {
  const { api, token, client } = stage;
  await client.create(coreTypes.persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'shop', name: 'data', labels: ours },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Mi' } },
    },
  });
  const made = async () => {
    const { name } = await api.createRecoveryPoint(orders, {}, { token });
    return eventually('the backup has ended', async () => {
      const { items } = await api.listRecoveryPoints(orders, { token });
      const row = items.find(item => item.name === name);
      return row?.completedAt ? row : undefined;
    });
  };
  // Resources know seconds only: the point must be newer than those of the stories before.
  await delay(1_100);
  const point = await made();
  expect(point).toMatchObject({
    state: 'done',
    volumes: { count: 1, included: 0 },
  });
  expect((await api.getProtection(orders, { token })).lastPoint).toMatchObject({
    name: point.name,
    objects: point.objects,
  });
  const preview = await api.previewRestore(
    orders,
    point.name,
    { inPlace: true },
    { token },
  );
  expect(preview).toMatchObject({
    allowed: true,
    namespaceState: 'existing',
    totals: { create: 0 },
    notes: ['Objects only: the data of 1 volume is not included'],
  });
  expect(preview.totals.exists).toBeGreaterThan(1);
  const safetyPoint = (await made()).name;
  const run = await api.createRestore(
    orders,
    { backup: point.name, inPlace: true, safetyPoint },
    { token },
  );
  expect(run).toMatchObject({ inPlace: true, safetyPoint });
  await eventually(
    'the restore in place has ended',
    async () =>
      (await api.getRestore(orders, run.name, { token })).state === 'done',
  );
});

it('keeps the other team out', async () => {
  const { api, token } = stage;
  const payments = { ...orders, name: 'payments' };
  const sneaky = { ...orders, name: 'sneaky' };
  expect(await refused(api.getProtection(payments, { token }))).toEqual({
    status: 403,
    problem: 'not-owner',
  });
  expect(
    await refused(api.createRecoveryPoint(payments, {}, { token })),
  ).toEqual({ status: 403, problem: 'not-owner' });
  expect(await refused(api.createRecoveryPoint(sneaky, {}, { token }))).toEqual(
    { status: 403, problem: 'consent-missing' },
  );
  expect((await api.getProtection(sneaky, { token })).problem?.code).toBe(
    'consent-missing',
  );
});

it('shows the installation to admins', async () => {
  const { api, token } = stage;
  expect(await api.getStatus({ token })).toMatchObject({
    engine: { mode: 'builtin', state: 'running', restarts: 0 },
    clusters: [{ name: 'demo', reachable: true, engine: { state: 'running' } }],
  });
});
