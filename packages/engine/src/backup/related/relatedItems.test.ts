import type { Discovery } from '../../cluster/Discovery';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { itemKey } from '../ItemIdentifier';
import { factsOf, NamespaceView } from './NamespaceView';
import { relatedItems, sharedItems } from './relatedItems';

const types: { [kind: string]: { group: string; resource: string } } = {
  Pod: { group: '', resource: 'pods' },
  ReplicaSet: { group: 'apps', resource: 'replicasets' },
  Deployment: { group: 'apps', resource: 'deployments' },
  StatefulSet: { group: 'apps', resource: 'statefulsets' },
  PersistentVolumeClaim: { group: '', resource: 'persistentvolumeclaims' },
  Service: { group: '', resource: 'services' },
  Ingress: { group: 'networking.k8s.io', resource: 'ingresses' },
  Route: { group: 'route.openshift.io', resource: 'routes' },
  NetworkPolicy: { group: 'networking.k8s.io', resource: 'networkpolicies' },
  PodDisruptionBudget: { group: 'policy', resource: 'poddisruptionbudgets' },
  HorizontalPodAutoscaler: {
    group: 'autoscaling',
    resource: 'horizontalpodautoscalers',
  },
  ServiceAccount: { group: '', resource: 'serviceaccounts' },
  RoleBinding: { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
  Database: { group: 'example.com', resource: 'databases' },
};

function object(
  kind: string,
  name: string,
  rest: object = {},
  metadata: object = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind,
    ...rest,
    metadata: { namespace: 'shop', name, uid: `${kind}-${name}`, ...metadata },
  };
}

function owner(kind: string, name: string) {
  return {
    ownerReferences: [
      {
        apiVersion: 'v1',
        kind,
        name,
        uid: `${kind}-${name}`,
        controller: true,
      },
    ],
  };
}

function viewOf(objects: KubernetesObject[]): NamespaceView {
  const discovery = {
    forKind: (_apiVersion: string, kind: string) =>
      types[kind] && { ...types[kind], namespaced: true },
  } as unknown as Pick<Discovery, 'forKind'>;
  const view = new NamespaceView('shop', discovery);
  objects.forEach(each => view.add(factsOf(each, types[each.kind])));
  return view;
}

const container = (extra: object = {}) => ({
  containers: [{ name: 'main', ...extra }],
});

function related(
  chosen: KubernetesObject,
  others: KubernetesObject[] = [],
): string[] {
  return relatedItems(
    chosen,
    types[chosen.kind],
    viewOf([chosen, ...others]),
  ).map(itemKey);
}

describe('relatedItems', () => {
  it('takes everything that a pod needs to start', () => {
    const pod = object('Pod', 'web', {
      spec: {
        serviceAccountName: 'web',
        priorityClassName: 'high',
        imagePullSecrets: [{ name: 'pull' }],
        initContainers: [
          { name: 'init', envFrom: [{ secretRef: { name: 'env-secret' } }] },
        ],
        ...container({
          env: [
            {
              name: 'A',
              valueFrom: { configMapKeyRef: { name: 'key-map', key: 'a' } },
            },
            {
              name: 'B',
              valueFrom: { secretKeyRef: { name: 'key-secret', key: 'b' } },
            },
          ],
        }),
        volumes: [
          { name: 'a', persistentVolumeClaim: { claimName: 'data' } },
          { name: 'b', configMap: { name: 'map' } },
          { name: 'c', secret: { secretName: 'secret' } },
          { name: 'd', ephemeral: { volumeClaimTemplate: {} } },
          { name: 'e', csi: { nodePublishSecretRef: { name: 'csi-secret' } } },
          { name: 'f', cephfs: { secretRef: { name: 'ceph-secret' } } },
          {
            name: 'g',
            projected: {
              sources: [
                { configMap: { name: 'projected-map' } },
                { configMap: { name: 'kube-root-ca.crt' } },
                { secret: { name: 'projected-secret' } },
              ],
            },
          },
        ],
      },
    });
    expect(related(pod).sort()).toEqual([
      'configmaps/shop/key-map',
      'configmaps/shop/map',
      'configmaps/shop/projected-map',
      'persistentvolumeclaims/shop/data',
      'persistentvolumeclaims/shop/web-d',
      'priorityclasses.scheduling.k8s.io//high',
      'secrets/shop/ceph-secret',
      'secrets/shop/csi-secret',
      'secrets/shop/env-secret',
      'secrets/shop/key-secret',
      'secrets/shop/projected-secret',
      'secrets/shop/pull',
      'secrets/shop/secret',
      'serviceaccounts/shop/web',
    ]);
  });

  it('goes up from a pod to its owners, and down from a workload to its pods', () => {
    const deployment = object('Deployment', 'web', {
      spec: {
        template: { metadata: { labels: { app: 'web' } }, spec: container() },
      },
    });
    const set = object(
      'ReplicaSet',
      'web-1',
      { spec: { template: { spec: container() } } },
      owner('Deployment', 'web'),
    );
    const pod = object(
      'Pod',
      'web-1-x',
      { spec: container() },
      owner('ReplicaSet', 'web-1'),
    );
    expect(related(pod, [set, deployment])).toContain(
      'replicasets.apps/shop/web-1',
    );
    expect(related(set, [deployment, pod])).toEqual(
      expect.arrayContaining([
        'deployments.apps/shop/web',
        'pods/shop/web-1-x',
      ]),
    );
    expect(related(deployment, [set, pod])).toContain(
      'replicasets.apps/shop/web-1',
    );
  });

  it('does not go down from an operator’s resource, which may own half a namespace', () => {
    const database = object('Database', 'main');
    const other = object(
      'StatefulSet',
      'other',
      { spec: { template: { spec: container() } } },
      owner('Database', 'main'),
    );
    expect(related(database, [other])).toEqual([]);
    expect(related(other, [database])).toContain(
      'databases.example.com/shop/main',
    );
  });

  it('takes the claims of a StatefulSet that has no pods now', () => {
    const set = object('StatefulSet', 'db', {
      spec: {
        replicas: 0,
        template: { spec: container() },
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      },
    });
    const claims = ['data-db-0', 'data-db-11', 'data-db-x', 'data-dbx-0'].map(
      name => object('PersistentVolumeClaim', name),
    );
    expect(
      related(set, claims).filter(key => key.startsWith('persistent')),
    ).toEqual([
      'persistentvolumeclaims/shop/data-db-0',
      'persistentvolumeclaims/shop/data-db-11',
    ]);
  });

  it('takes what applies to the pods: Services, budgets, policies, autoscalers, entrances', () => {
    const deployment = object('Deployment', 'web', {
      spec: {
        template: { metadata: { labels: { app: 'web' } }, spec: container() },
      },
    });
    const service = object('Service', 'web', {
      spec: { selector: { app: 'web' } },
    });
    const others = [
      service,
      object('Service', 'other', { spec: { selector: { app: 'other' } } }),
      object('Service', 'external', { spec: {} }),
      object('PodDisruptionBudget', 'web', {
        spec: { selector: { matchLabels: { app: 'web' } } },
      }),
      object('NetworkPolicy', 'all', { spec: { podSelector: {} } }),
      object('HorizontalPodAutoscaler', 'web', {
        spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
      }),
      object('HorizontalPodAutoscaler', 'other', {
        spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'web' } },
      }),
      object('Ingress', 'web', {
        spec: {
          tls: [{ secretName: 'tls' }],
          rules: [
            { http: { paths: [{ backend: { service: { name: 'web' } } }] } },
          ],
        },
      }),
      object('Route', 'web', {
        spec: { to: { kind: 'Service', name: 'web' } },
      }),
    ];
    expect(related(deployment, others)).toEqual([
      'serviceaccounts/shop/default',
      'services/shop/web',
      'poddisruptionbudgets.policy/shop/web',
      'networkpolicies.networking.k8s.io/shop/all',
      'horizontalpodautoscalers.autoscaling/shop/web',
    ]);
    expect(related(service, others)).toEqual([
      'ingresses.networking.k8s.io/shop/web',
      'routes.route.openshift.io/shop/web',
    ]);
    expect(related(others[7], others)).toContain('secrets/shop/tls');
  });

  it('takes the rights of an account, but not the tokens that each cluster makes', () => {
    const account = object('ServiceAccount', 'web', {
      secrets: [
        { name: 'web-token-abc' },
        { name: 'web-dockercfg-abc' },
        { name: 'own' },
      ],
      imagePullSecrets: [{ name: 'pull' }],
    });
    const binding = object('RoleBinding', 'web', {
      roleRef: { kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'web' }],
    });
    const foreign = object('RoleBinding', 'foreign', {
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'else' }],
    });
    expect(related(account, [binding, foreign])).toEqual([
      'secrets/shop/own',
      'secrets/shop/pull',
      'rolebindings.rbac.authorization.k8s.io/shop/web',
    ]);
    expect(related(binding)).toEqual([
      'roles.rbac.authorization.k8s.io/shop/reader',
    ]);
    expect(related(foreign)).toEqual([]);
  });
});

describe('sharedItems', () => {
  const pod = (name: string, map: string) =>
    object(
      'Pod',
      name,
      {
        spec: {
          ...container(),
          volumes: [{ name: 'm', configMap: { name: map } }],
        },
      },
      { labels: { app: name } },
    );
  const map = (name: string) => ({
    group: '',
    resource: 'configmaps',
    namespace: 'shop',
    name,
  });

  it('finds what workloads outside of the backup use too', () => {
    const ours = pod('ours', 'both');
    const theirs = pod('theirs', 'both');
    const view = viewOf([ours, theirs]);
    const inBackup = new Set(['pods/shop/ours']);
    expect(
      sharedItems([map('both'), map('mine')], view, id =>
        inBackup.has(itemKey(id)),
      ),
    ).toEqual([map('both')]);
  });

  it('finds Services and policies that select pods outside of the backup', () => {
    const service = object('Service', 'all', {
      spec: { selector: { app: 'theirs' } },
    });
    const policy = object('NetworkPolicy', 'all', { spec: {} });
    const own = object('NetworkPolicy', 'own', {
      spec: { podSelector: { matchLabels: { app: 'ours' } } },
    });
    const view = viewOf([
      pod('ours', 'a'),
      pod('theirs', 'b'),
      service,
      policy,
      own,
    ]);
    const ids = [service, policy, own].map(each => ({
      ...types[each.kind],
      namespace: 'shop',
      name: each.metadata.name ?? '',
    }));
    const inBackup = new Set(['pods/shop/ours', ...ids.map(itemKey)]);
    expect(
      sharedItems(ids, view, id => inBackup.has(itemKey(id))).map(
        id => id.name,
      ),
    ).toEqual(['all', 'all']);
  });
});

describe('a namespace of many objects', () => {
  it('is looked through in time that grows with it, not with its square', () => {
    const count = 20_000;
    const objects = [
      object('Service', 'web', { spec: { selector: { app: 'web' } } }),
      ...Array.from({ length: count }, (_, index) =>
        object('ServiceAccount', `account-${index}`),
      ),
    ];
    const view = viewOf(objects);
    const begin = performance.now();
    for (const each of objects) {
      relatedItems(each, types[each.kind], view);
    }
    // Some hundred milliseconds; looking at each pair would take minutes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
