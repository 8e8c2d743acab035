import type { Restore } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { roleBinding } from './bindings';
import { clusterConfigMap, endpoints, endpointSlice } from './generated';
import { ingress } from './ingress';
import { imageInNamespace, internalImages } from './internalImages';
import { job } from './job';
import { ownedPod } from './ownedPod';
import type { TransformContext } from './RestoreItemAction';
import { route } from './route';
import { secret } from './secret';
import { service } from './service';
import { serviceAccount } from './serviceAccount';

function context(change: Partial<TransformContext> = {}): TransformContext {
  return {
    restore: {
      metadata: {},
      spec: { namespaceMapping: { shop: 'shop-copy' } },
    } as unknown as Restore,
    original: object('Pod', 'x'),
    namespace: 'shop',
    targetNamespace: 'shop-copy',
    isRestored: () => true,
    podVolumes: () => [],
    initContainers: [],
    hasHooks: false,
    serviceAccounts: () => ['default', 'web'],
    hasSelector: async () => true,
    ...change,
  };
}

function object(
  kind: string,
  name: string,
  rest: object = {},
  metadata: object = {},
): KubernetesObject {
  return { apiVersion: 'v1', kind, ...rest, metadata: { name, ...metadata } };
}

const ownedBy = (kind: string, name: string) =>
  object(
    'X',
    'x',
    {},
    {
      ownerReferences: [
        { apiVersion: 'v1', kind, name, uid: '1', controller: true },
      ],
    },
  );

describe('hosts', () => {
  const hand = object('Route', 'web', { spec: { host: 'web.example.com' } });
  const generated = object(
    'Route',
    'web',
    { spec: { host: 'web-shop.apps' } },
    { annotations: { 'openshift.io/host.generated': 'true' } },
  );

  it('lets the cluster choose a host again, and warns of one set by hand', async () => {
    const own = await route.execute(structuredClone(hand), context());
    expect(own.item.spec).toEqual({});
    expect(own.warnings?.[0]).toContain('web.example.com');
    const made = await route.execute(structuredClone(generated), context());
    expect(made.item.spec).toEqual({});
    expect(made.warnings).toBeUndefined();
  });

  it('keeps a host set by hand in the same namespace', async () => {
    const inPlace = context({ targetNamespace: 'shop' });
    const kept = await route.execute(structuredClone(hand), inPlace);
    expect(kept.item.spec).toEqual({ host: 'web.example.com' });
    const web = object('Ingress', 'web', {
      spec: { rules: [{ host: 'web.example.com' }] },
    });
    expect((await ingress.execute(web, inPlace)).warnings).toBeUndefined();
    expect((await ingress.execute(web, context())).warnings?.[0]).toContain(
      'web.example.com',
    );
  });
});

describe('objects that others make', () => {
  it('leaves pods and Jobs to their owners when those are restored', async () => {
    const set = context({ original: ownedBy('ReplicaSet', 'web-1') });
    const pod = object('Pod', 'web-1-x');
    expect((await ownedPod.execute(pod, set)).skip).toContain('ReplicaSet');
    expect(
      (await ownedPod.execute(pod, { ...set, isRestored: () => false })).skip,
    ).toBeUndefined();
    expect((await ownedPod.execute(pod, context())).skip).toBeUndefined();
    const nightly = context({ original: ownedBy('CronJob', 'nightly') });
    expect(
      (await job.execute(object('Job', 'nightly-1'), nightly)).skip,
    ).toContain('CronJob nightly');
  });

  it('leaves certificates, tokens and addresses to the cluster', async () => {
    const skips = await Promise.all([
      secret.execute(
        object(
          'Secret',
          's',
          {},
          {
            annotations: {
              'service.beta.openshift.io/originating-service-name': 'web',
            },
          },
        ),
        context(),
      ),
      secret.execute(
        object('Secret', 'web-dockercfg-x', {
          type: 'kubernetes.io/dockercfg',
        }),
        context(),
      ),
      clusterConfigMap.execute(
        object('ConfigMap', 'kube-root-ca.crt'),
        context(),
      ),
      endpoints.execute(object('Endpoints', 'web'), context()),
      endpointSlice.execute(
        object(
          'EndpointSlice',
          'web-x',
          {},
          {
            labels: {
              'endpointslice.kubernetes.io/managed-by':
                'endpointslice-controller.k8s.io',
            },
          },
        ),
        context(),
      ),
      roleBinding.execute(object('RoleBinding', 'system:deployers'), context()),
      roleBinding.execute(
        object('RoleBinding', 'lifeboat-engine', {
          roleRef: { kind: 'ClusterRole', name: 'lifeboat-tenant' },
        }),
        context(),
      ),
    ]);
    expect(skips.every(result => result.skip)).toBe(true);
    const own = await secret.execute(
      object('Secret', 'pull', { type: 'kubernetes.io/dockerconfigjson' }),
      context(),
    );
    expect(own.skip).toBeUndefined();
  });
});

describe('clones', () => {
  it('pulls images of the internal registry from its own namespace', async () => {
    const registry = 'image-registry.openshift-image-registry.svc:5000';
    const mapping = { shop: 'shop-copy' };
    expect(
      imageInNamespace(`${registry}/shop/web@sha256:ab`, registry, mapping),
    ).toBe(`${registry}/shop-copy/web@sha256:ab`);
    expect(
      imageInNamespace(`${registry}/openshift/cli@sha256:ab`, registry, {}),
    ).toBe(`${registry}/openshift/cli`);
    expect(imageInNamespace('quay.io/shop/web', registry, mapping)).toBe(
      'quay.io/shop/web',
    );
    const cron = object('CronJob', 'n', {
      spec: {
        jobTemplate: {
          spec: {
            template: {
              spec: { containers: [{ image: `${registry}/shop/job:1` }] },
            },
          },
        },
      },
    });
    const { item } = await internalImages.execute(cron, context());
    expect(JSON.stringify(item)).toContain(`${registry}/shop-copy/job:1`);
  });

  it('frees accounts, bindings and Services from their old place', async () => {
    const account = await serviceAccount.execute(
      object('ServiceAccount', 'web', {
        secrets: [{ name: 'web-dockercfg-1' }, { name: 'own' }],
        imagePullSecrets: [{ name: 'web-dockercfg-1' }],
      }),
      context(),
    );
    expect(account.item).toMatchObject({
      secrets: [{ name: 'own' }],
      imagePullSecrets: [],
    });
    const binding = await roleBinding.execute(
      object('RoleBinding', 'web', {
        roleRef: { kind: 'Role', name: 'web' },
        subjects: [
          { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
          { kind: 'Group', name: 'system:serviceaccounts:shop' },
          { kind: 'ServiceAccount', name: 'web', namespace: 'else' },
        ],
      }),
      context(),
    );
    expect(binding.item.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'web', namespace: 'shop-copy' },
      { kind: 'Group', name: 'system:serviceaccounts:shop-copy' },
      { kind: 'ServiceAccount', name: 'web', namespace: 'else' },
    ]);
    const balancer = await service.execute(
      object('Service', 'web', {
        spec: {
          type: 'LoadBalancer',
          clusterIP: '10.0.0.1',
          clusterIPs: ['10.0.0.1'],
          externalIPs: ['1.2.3.4'],
          ports: [{ port: 80, nodePort: 30000 }],
        },
      }),
      context(),
    );
    expect(balancer.item.spec).toEqual({
      type: 'LoadBalancer',
      ports: [{ port: 80 }],
    });
    const headless = await service.execute(
      object('Service', 'db', {
        spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [] },
      }),
      context(),
    );
    expect(headless.item.spec).toMatchObject({ clusterIP: 'None' });
  });
});
