import { discover } from './discover';

const version = { gitVersion: 'v1.34.1', major: '1', minor: '34' };

const plain: Record<string, unknown> = {
  '/version': version,
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': {
    resources: [
      {
        name: 'pods',
        singularName: 'pod',
        namespaced: true,
        kind: 'Pod',
        verbs: ['get', 'list'],
        shortNames: ['po'],
      },
      { name: 'pods/log', namespaced: true, kind: 'Pod', verbs: ['get'] },
      {
        name: 'events',
        singularName: 'event',
        namespaced: true,
        kind: 'Event',
        verbs: ['list'],
        shortNames: ['ev'],
      },
    ],
  },
  '/apis': {
    groups: [
      {
        name: 'apps',
        versions: [{ version: 'v1' }],
        preferredVersion: { version: 'v1' },
      },
      {
        name: 'events.k8s.io',
        versions: [{ version: 'v1' }],
        preferredVersion: { version: 'v1' },
      },
      {
        name: 'shop.example',
        versions: [{ version: 'v2' }, { version: 'v1' }],
        preferredVersion: { version: 'v1' },
      },
      {
        name: 'metrics.example',
        versions: [{ version: 'v1' }],
        preferredVersion: { version: 'v1' },
      },
    ],
  },
  '/apis/apps/v1': {
    resources: [
      {
        name: 'deployments',
        singularName: 'deployment',
        namespaced: true,
        kind: 'Deployment',
        verbs: ['list'],
        shortNames: ['deploy'],
      },
    ],
  },
  '/apis/events.k8s.io/v1': {
    resources: [
      {
        name: 'events',
        singularName: 'event',
        namespaced: true,
        kind: 'Event',
        verbs: ['list'],
        shortNames: ['ev'],
      },
    ],
  },
  '/apis/shop.example/v1': {
    resources: [
      {
        name: 'orders',
        singularName: 'order',
        namespaced: true,
        kind: 'Order',
        verbs: ['list'],
      },
    ],
  },
  '/apis/shop.example/v2': {
    resources: [
      {
        name: 'orders',
        singularName: 'order',
        namespaced: true,
        kind: 'Order',
        verbs: ['list'],
      },
      {
        name: 'carts',
        singularName: 'cart',
        namespaced: false,
        kind: 'Cart',
        verbs: ['list'],
      },
    ],
  },
};

async function getPlain(path: string) {
  const body = plain[path];
  if (body === undefined) throw new Error(`503 for ${path}`);
  return { contentType: 'application/json', body };
}

describe('discover', () => {
  it('reads one group version after the other, and goes on without those that fail', async () => {
    const found = await discover(getPlain);
    expect(found.serverVersion.gitVersion).toBe('v1.34.1');
    expect(found.warnings).toEqual([
      'API group version metrics.example/v1 could not be read: 503 for /apis/metrics.example/v1',
    ]);
    expect(found.find('orders')?.version).toBe('v1');
    expect(found.find('carts.shop.example')?.version).toBe('v2');
    expect(found.all).toHaveLength(7);
    expect(found.preferred.map(type => type.resource)).toEqual([
      'pods',
      'events',
      'deployments',
      'events',
      'orders',
      'carts',
    ]);
  });

  it('finds types by every usual name', async () => {
    const { find, forKind } = await discover(getPlain);
    for (const name of [
      'deployments',
      'deployment',
      'Deployment',
      'deploy',
      'deployments.apps',
      'deploy.apps',
      'deployments.v1.apps',
    ]) {
      expect(find(name)?.resource).toBe('deployments');
    }
    expect(find('events')?.group).toBe('');
    expect(find('events.events.k8s.io')?.group).toBe('events.k8s.io');
    expect(find('orders.v2.shop.example')?.version).toBe('v2');
    expect(find('nothing')).toBeUndefined();
    expect(forKind('shop.example/v2', 'Order')?.version).toBe('v2');
    expect(forKind('v1', 'Pod')?.resource).toBe('pods');
    expect(forKind('v1', 'Order')).toBeUndefined();
  });

  it('takes aggregated discovery where the server has it', async () => {
    const asked: string[] = [];
    const type =
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const found = await discover(async path => {
      asked.push(path);
      if (path === '/version')
        return { contentType: 'application/json', body: version };
      const resource = (name: string, kind: string) => ({
        resource: name,
        responseKind: { group: '', version: '', kind },
        scope: 'Namespaced',
        singularResource: kind.toLowerCase(),
        verbs: ['list'],
      });
      const items =
        path === '/api'
          ? [
              {
                metadata: {},
                versions: [
                  {
                    version: 'v1',
                    resources: [resource('pods', 'Pod')],
                    freshness: 'Current',
                  },
                ],
              },
            ]
          : [
              {
                metadata: { name: 'apps' },
                versions: [
                  {
                    version: 'v1',
                    resources: [resource('deployments', 'Deployment')],
                  },
                ],
              },
              {
                metadata: { name: 'metrics.example' },
                versions: [
                  { version: 'v1', resources: [], freshness: 'Stale' },
                ],
              },
            ];
      return {
        contentType: type,
        body: { kind: 'APIGroupDiscoveryList', items },
      };
    });
    expect(asked.sort()).toEqual(['/api', '/apis', '/version']);
    expect(found.find('deployments.apps')).toMatchObject({
      kind: 'Deployment',
      namespaced: true,
      singularName: 'deployment',
    });
    expect(found.warnings).toHaveLength(1);
    expect(found.warnings[0]).toContain('metrics.example/v1');
  });
});
