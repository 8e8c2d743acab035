import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openApiDocument } from '@lifeboat/backstage-plugin-backup-common';
import { coreTypes } from '@lifeboat/engine';
import { eventually } from '../cluster/eventually';
import { PortalStage } from './__testUtils__/PortalStage';
import { realNeighbours } from './__testUtils__/realNeighbours';

jest.setTimeout(180_000);

const demoCatalog = path.join(
  __dirname,
  '../../../packages/demo/catalog/entities.yaml',
);
const sneaky = `
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: sneaky
  annotations:
    backstage.io/kubernetes-cluster: demo
    backstage.io/kubernetes-namespace: payments
spec: { type: service, lifecycle: production, owner: group:default/team-orders, system: shop }
`;
const partOf = { 'app.kubernetes.io/part-of': 'orders' };

let stage: PortalStage;
let folder: string;

/** A request as it is sent by hand, so that nothing of our client hides a refusal. */
async function send(method: string, url: string, body?: object) {
  const response = await fetch(`${stage.url}${url}`, {
    method,
    headers: {
      Authorization: `Bearer ${stage.token}`,
      'Content-Type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text ? JSON.parse(text) : {} };
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-catalog-'));
  const sneakyFile = path.join(folder, 'sneaky.yaml');
  writeFileSync(sneakyFile, sneaky);
  stage = await PortalStage.start(
    realNeighbours([demoCatalog, sneakyFile], ['orders', 'payments', 'sneaky']),
  );
  await stage.addNamespace('shop', ['component:default/orders']);
  await stage.addNamespace('payments', ['component:default/payments']);
  await stage.addConfigMap('shop', 'web', partOf, { colour: 'green' });
  await stage.addConfigMap('payments', 'theirs', {}, { secret: 'sauce' });
}, 180_000);

afterAll(async () => {
  await stage?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const bodies: Record<string, object> = {
  createRecoveryPoint: {},
  previewRestore: {},
  createRestore: { backup: 'none', targetNamespace: 'payments-copy' },
  createSchedule: { cron: '0 2 * * *' },
  updateSchedule: { paused: true },
};
const routes = Object.entries(openApiDocument.paths).flatMap(
  ([template, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      template,
      method: method.toUpperCase(),
      operationId: operationId as string,
    })),
);
const entityRoutes = routes.filter(({ template }) =>
  template.includes('{kind}'),
);

function urlOf(template: string, component: string): string {
  return `/api/backup${template
    .replace('{kind}', 'component')
    .replace('{namespace}', 'default')
    .replace('{name}', component)
    .replace(/\{\w+\}/, 'none')}`;
}

describe('with the permission backend and the policy of the demo', () => {
  it.each(entityRoutes)(
    'lets the guest use $operationId on orders, and not on payments, nor through an own entity that points there',
    async ({ template, method, operationId }) => {
      const ask = (component: string) =>
        send(method, urlOf(template, component), bodies[operationId]);
      // 404 is about the run, which does not exist: the component itself is open.
      expect([200, 201, 202, 204, 404]).toContain((await ask('orders')).status);
      const theirs = await ask('payments');
      expect([theirs.status, theirs.json.error?.problem?.code]).toEqual([
        403,
        'not-owner',
      ]);
      const pointed = await ask('sneaky');
      expect(
        pointed.json.problem?.code ?? pointed.json.error?.problem?.code,
      ).toBe('consent-missing');
      expect(pointed.status).toBe(operationId === 'getProtection' ? 200 : 403);
      expect(pointed.text).not.toContain('component:default/payments');
    },
  );

  it('shows the installation to the platform team only', async () => {
    expect((await send('GET', '/api/backup/status')).status).toBe(403);
  });

  it('has left nothing in the namespaces of others', async () => {
    expect(await stage.names(coreTypes.configMaps, 'payments')).toEqual([
      'theirs',
    ]);
    expect(
      await stage.client.get(coreTypes.namespaces, { name: 'payments-copy' }),
    ).toBeUndefined();
  });
});

describe('with the scaffolder', () => {
  const run = async (component: string) => {
    const started = await send('POST', '/api/scaffolder/v2/tasks', {
      templateRef: 'template:default/try-a-change',
      values: { component, note: 'before a change' },
    });
    expect([started.status, started.text]).toEqual([201, expect.anything()]);
    return eventually('the task has ended', async () => {
      const task = await send(
        'GET',
        `/api/scaffolder/v2/tasks/${started.json.id}`,
      );
      if (['open', 'processing'].includes(task.json.status)) {
        return undefined;
      }
      const events = await send(
        'GET',
        `/api/scaffolder/v2/tasks/${started.json.id}/events`,
      );
      return { status: task.json.status as string, log: events.text };
    });
  };

  it('runs the template of the demo: a recovery point, and a copy of it', async () => {
    const task = await run('component:default/orders');
    expect([task.status, task.log]).toEqual(['completed', expect.anything()]);
    const { api, token } = stage;
    const orders = { kind: 'component', namespace: 'default', name: 'orders' };
    const [restore] = (await api.listRestores(orders, { token })).items;
    expect(restore.state).toBe('done');
    const point = await api.getRecoveryPoint(orders, restore.backup, { token });
    expect(point.note).toBe('before a change');
    expect(
      await stage.names(coreTypes.configMaps, restore.targetNamespace),
    ).toContain('web');
  });

  it("fails on the other team's component, with the reason", async () => {
    const task = await run('component:default/payments');
    expect(task.status).toBe('failed');
    expect(task.log).toContain('belongs to group:default/team-payments');
  });
});

it('knows every route of the description', () => {
  expect(entityRoutes).toHaveLength(routes.length - 1);
});
