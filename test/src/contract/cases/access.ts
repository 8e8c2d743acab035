import {
  Case,
  get,
  patch,
  post,
  seenObject,
  silently,
  Step,
  taking,
} from '../Case';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const own = `${rbac}/namespaces/{ns}`;
const accounts = '/api/v1/namespaces/{ns}/serviceaccounts';
const reviews = '/apis/authorization.k8s.io/v1';

const role = (name: string, rules: object[]) => ({ metadata: { name }, rules });
const rule = (resources: string[], verbs: string[], more: object = {}) => ({
  apiGroups: [''],
  resources,
  verbs,
  ...more,
});
const binding = (name: string, kind: string, ref: string) => ({
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: ref },
  subjects: [{ kind: 'ServiceAccount', name: 'worker', namespace: '{ns}' }],
});

/** The same call with the token that an earlier step got. */
const as = (step: Step): Step => ({
  ...step,
  call: seen => ({
    ...(typeof step.call === 'function' ? step.call(seen) : step.call),
    token: String((seenObject(seen, 'token').status ?? {}).token),
  }),
});
const mayI = (name: string, verb: string) =>
  post(name, `${reviews}/selfsubjectaccessreviews`, {
    spec: {
      resourceAttributes: { namespace: '{ns}', verb, resource: 'configmaps' },
    },
  });
const withToken = (name: string, path: string, token: string): Step => ({
  name,
  call: { verb: 'GET', path, token },
});

/** Who may what: authentication, RBAC, escalation, reviews. */
export const accessCases: Case[] = [
  {
    name: 'access: authentication',
    namespace: false,
    steps: [
      withToken('no token', '/api/v1/namespaces', ''),
      withToken('no token, health', '/healthz', ''),
      { ...withToken('no token, version', '/version', ''), record: () => null },
      withToken('no token, discovery', '/api', ''),
      withToken('wrong token', '/api/v1/namespaces', 'wrong'),
      withToken('wrong token, health', '/healthz', 'a.b.c'),
      get('live', '/livez'),
      get('ready', '/readyz'),
    ],
  },
  {
    name: 'access: a service account',
    steps: [
      silently(post('account', accounts, { metadata: { name: 'worker' } })),
      post('token', `${accounts}/worker/token`, {
        spec: { expirationSeconds: 3600 },
      }),
      post('token for too short a time', `${accounts}/worker/token`, {
        spec: { expirationSeconds: 5 },
      }),
      post('token of nobody', `${accounts}/nobody/token`, { spec: {} }),
      as(get('nothing granted', '/api/v1/namespaces/{ns}/configmaps')),
      {
        ...as(get('discovery', '/api')),
        record: a => (a.body as { versions: string[] }).versions,
      },
      post(
        'role',
        `${own}/roles`,
        role('reader', [
          rule(['configmaps'], ['get', 'list', 'watch', 'create']),
          rule(['secrets'], ['get'], { resourceNames: ['one'] }),
          rule(['roles'], ['*'], { apiGroups: ['rbac.authorization.k8s.io'] }),
          rule(['rolebindings'], ['*'], {
            apiGroups: ['rbac.authorization.k8s.io'],
          }),
        ]),
      ),
      post(
        'binding',
        `${own}/rolebindings`,
        binding('reader', 'Role', 'reader'),
      ),
      {
        ...as(get('list', '/api/v1/namespaces/{ns}/configmaps')),
        onceAllowed: true,
      },
      as(
        post('create', '/api/v1/namespaces/{ns}/configmaps', {
          metadata: { name: 'a' },
        }),
      ),
      as({
        name: 'delete',
        call: { verb: 'DELETE', path: '/api/v1/namespaces/{ns}/configmaps/a' },
      }),
      as({
        name: 'delete all',
        call: { verb: 'DELETE', path: '/api/v1/namespaces/{ns}/configmaps' },
      }),
      as(get('elsewhere', '/api/v1/namespaces/default/configmaps')),
      as(get('everywhere', '/api/v1/configmaps')),
      as(get('named secret', '/api/v1/namespaces/{ns}/secrets/one')),
      as(get('other secret', '/api/v1/namespaces/{ns}/secrets/two')),
      as(get('list of secrets', '/api/v1/namespaces/{ns}/secrets')),
      as(
        post(
          'role with held rights',
          `${own}/roles`,
          role('held', [rule(['configmaps'], ['get'])]),
        ),
      ),
      as(
        post(
          'role with other rights',
          `${own}/roles`,
          role('more', [rule(['pods'], ['get'])]),
        ),
      ),
      as(
        post(
          'binding to a held role',
          `${own}/rolebindings`,
          binding('held', 'Role', 'held'),
        ),
      ),
      as(
        post(
          'binding to a strong role',
          `${own}/rolebindings`,
          binding('strong', 'ClusterRole', 'cluster-admin'),
        ),
      ),
      taking(as(mayI('may I', 'list')), allowed),
      taking(as(mayI('may I not', 'delete')), allowed),
      taking(
        as(
          post(
            'who am I',
            '/apis/authentication.k8s.io/v1/selfsubjectreviews',
            {},
          ),
        ),
        username,
      ),
    ],
  },
  {
    name: 'access: roles that are wrong',
    steps: [
      post(
        'rule without verbs',
        `${own}/roles`,
        role('bad', [{ apiGroups: [''], resources: ['pods'] }]),
      ),
      post('rule without anything', `${own}/roles`, role('bad', [{}])),
      post('empty role', `${own}/roles`, { metadata: { name: 'empty' } }),
      post('binding without a role', `${own}/rolebindings`, {
        metadata: { name: 'bad' },
      }),
      post('binding of another kind', `${own}/rolebindings`, {
        ...binding('bad', 'Other', 'x'),
      }),
      post('binding', `${own}/rolebindings`, binding('one', 'Role', 'empty')),
      patch('another role', `${own}/rolebindings/one`, 'merge', {
        roleRef: { name: 'other' },
      }),
      post('subject without a namespace', `${own}/rolebindings`, {
        ...binding('bad', 'Role', 'x'),
        subjects: [{ kind: 'ServiceAccount', name: 'x' }],
      }),
      post('subject defaults', `${own}/rolebindings`, {
        ...binding('users', 'Role', 'x'),
        subjects: [
          { kind: 'User', name: 'x' },
          { kind: 'Group', name: 'y' },
        ],
      }),
      post('review of nothing', `${reviews}/selfsubjectaccessreviews`, {
        spec: {},
      }),
      taking(
        post('review of somebody', `${reviews}/subjectaccessreviews`, {
          spec: {
            user: 'nobody',
            resourceAttributes: { verb: 'get', resource: 'pods' },
          },
        }),
        allowed,
      ),
    ],
  },
];

function allowed(answer: { body: unknown }) {
  return (answer.body as { status?: { allowed: boolean } }).status?.allowed;
}

function username(answer: { body: unknown }) {
  const { status } = answer.body as {
    status?: { userInfo: { username: string } };
  };
  return status?.userInfo.username.split(':').pop();
}
