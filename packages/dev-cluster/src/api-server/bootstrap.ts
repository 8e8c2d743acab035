import { ApiContext, User } from './ApiContext';
import { KubeObject } from './KubeObject';
import { JsonObject } from './json';
import { decodeObject } from './verbs/decodeObject';
import { createObject } from './verbs/writeObjects';

const system: User = {
  name: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
};
const rbac = 'rbac.authorization.k8s.io';
const bootstrapped = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const readVerbs = ['get', 'list', 'watch'];
const writeVerbs = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const everyday: [string, string[]][] = [
  [
    '',
    [
      'configmaps',
      'endpoints',
      'events',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'services',
      'serviceaccounts',
    ],
  ],
  [
    'apps',
    [
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  ],
  ['batch', ['cronjobs', 'jobs']],
  ['autoscaling', ['horizontalpodautoscalers']],
  ['policy', ['poddisruptionbudgets']],
  ['networking.k8s.io', ['ingresses', 'networkpolicies']],
  ['coordination.k8s.io', ['leases']],
];

const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});

function view(): JsonObject[] {
  return [
    ...everyday.map(([group, resources]) => rule(group, resources, readVerbs)),
    rule(
      '',
      [
        'limitranges',
        'namespaces',
        'pods/log',
        'pods/status',
        'resourcequotas',
      ],
      readVerbs,
    ),
    rule('discovery.k8s.io', ['endpointslices'], readVerbs),
  ];
}

function edit(): JsonObject[] {
  return [
    ...view(),
    ...everyday.map(([group, resources]) => rule(group, resources, writeVerbs)),
    rule('', ['secrets'], [...readVerbs, ...writeVerbs]),
    rule('', ['serviceaccounts'], ['impersonate']),
    rule('', ['serviceaccounts/token'], ['create']),
    rule(
      '',
      ['pods/exec', 'pods/proxy', 'services/proxy'],
      ['get', 'create', 'delete', 'patch', 'update'],
    ),
    rule('', ['pods/eviction'], ['create']),
  ];
}

function adminRules(): JsonObject[] {
  return [
    ...edit(),
    rule(rbac, ['roles', 'rolebindings'], [...readVerbs, ...writeVerbs]),
    rule('authorization.k8s.io', ['localsubjectaccessreviews'], ['create']),
  ];
}

const clusterRole = (name: string, rules: JsonObject[]) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name, labels: bootstrapped },
  rules,
});

const clusterRoleBinding = (name: string, groups: string[]) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name, labels: bootstrapped },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
  subjects: groups.map(group => ({
    apiGroup: rbac,
    kind: 'Group',
    name: group,
  })),
});

const namespace = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** What every API server has from its first second on; the roles are those that people bind. */
function initialObjects(): JsonObject[] {
  return [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(
      namespace,
    ),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        clusterIP: '10.96.0.1',
        ports: [{ name: 'https', port: 443, targetPort: 6443 }],
      },
    },
    ...[
      ['system-cluster-critical', 2_000_000_000],
      ['system-node-critical', 2_000_001_000],
    ].map(([name, value]) => ({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
    })),
    clusterRole('cluster-admin', [
      rule('*', ['*'], ['*']),
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ]),
    clusterRole('admin', adminRules()),
    clusterRole('edit', edit()),
    clusterRole('view', view()),
    clusterRole('system:discovery', [
      {
        nonResourceURLs: [
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/openapi',
          '/openapi/*',
          '/readyz',
          '/version',
          '/version/',
        ],
        verbs: ['get'],
      },
    ]),
    clusterRole('system:basic-user', [
      rule(
        'authorization.k8s.io',
        ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
        ['create'],
      ),
      rule('authentication.k8s.io', ['selfsubjectreviews'], ['create']),
    ]),
    clusterRole('system:public-info-viewer', [
      {
        nonResourceURLs: [
          '/healthz',
          '/livez',
          '/readyz',
          '/version',
          '/version/',
        ],
        verbs: ['get'],
      },
    ]),
    clusterRoleBinding('cluster-admin', ['system:masters']),
    clusterRoleBinding('system:discovery', ['system:authenticated']),
    clusterRoleBinding('system:basic-user', ['system:authenticated']),
    clusterRoleBinding('system:public-info-viewer', [
      'system:authenticated',
      'system:unauthenticated',
    ]),
  ];
}

/** Makes what is missing of the initial objects; what is there stays as it is. */
export function bootstrap(context: ApiContext) {
  for (const object of initialObjects()) {
    const { metadata } = object as KubeObject;
    const type = context.registry
      .all()
      .find(
        t =>
          t.kind === object.kind &&
          (t.group ? `${t.group}/${t.version}` : t.version) ===
            object.apiVersion,
      );
    if (
      !type ||
      context.storage.get(type.collection, metadata.namespace, metadata.name)
    ) {
      continue;
    }
    createObject(
      context,
      { type, namespace: metadata.namespace, user: system, dryRun: false },
      decodeObject(type, object, 'Strict').object,
    );
  }
}
