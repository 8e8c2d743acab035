import type { BackupScope } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { namespaceCopy } from './namespaceCopy';
import {
  matchesTargetPattern,
  targetProblem,
  tenantSpecProblems,
} from './restoreTarget';
import { holdToLimits, TenantLimits } from './tenantLimits';

const scope: BackupScope = {
  entityRef: 'component:default/orders',
  cluster: 'demo',
  namespace: 'shop',
  namespaceUid: '1',
  consent: { source: 'namespace', entities: ['component:default/orders'] },
};

const limits: TenantLimits = {
  targetNamespace: 'shop-copy',
  allowedClusterRoles: ['view'],
  isRestoredRole: name => name === 'web',
};

function binding(
  roleRef: { kind: string; name: string },
  subjects: object[],
): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace: 'shop-copy', name: 'b' },
    roleRef,
    subjects,
  };
}

const own = { kind: 'ServiceAccount', name: 'web', namespace: 'shop-copy' };
const rolebindings = 'rolebindings.rbac.authorization.k8s.io';

describe('holdToLimits', () => {
  it('refuses cluster-scoped objects and other namespaces', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap' };
    expect(
      holdToLimits({ ...object, metadata: { name: 'x' } }, 'nodes', limits),
    ).toEqual({ refused: expect.stringContaining('cluster-scoped') });
    expect(
      holdToLimits(
        { ...object, metadata: { name: 'x', namespace: 'shop' } },
        'configmaps',
        limits,
      ),
    ).toEqual({ refused: expect.stringContaining('outside of shop-copy') });
  });

  it.each([
    [{ kind: 'Role', name: 'web' }, true],
    [{ kind: 'Role', name: 'other' }, false],
    [{ kind: 'ClusterRole', name: 'view' }, true],
    [{ kind: 'ClusterRole', name: 'cluster-admin' }, false],
  ])('RoleBinding to %j: %s', (roleRef, allowed) => {
    const result = holdToLimits(binding(roleRef, [own]), rolebindings, limits);
    expect('object' in result).toBe(allowed);
  });

  it('leaves out subjects outside of the target namespace', () => {
    const role = { kind: 'Role', name: 'web' };
    const result = holdToLimits(
      binding(role, [
        own,
        { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
        { kind: 'User', name: 'eve' },
        { kind: 'Group', name: 'system:authenticated' },
        { kind: 'Group', name: 'system:serviceaccounts:shop-copy' },
      ]),
      rolebindings,
      limits,
    );
    expect(result).toMatchObject({
      object: {
        subjects: [
          own,
          { kind: 'Group', name: 'system:serviceaccounts:shop-copy' },
        ],
      },
      warnings: [expect.stringContaining('3 of its subjects')],
    });
    expect(
      holdToLimits(
        binding(role, [{ kind: 'User', name: 'eve' }]),
        rolebindings,
        limits,
      ),
    ).toEqual({ refused: expect.stringContaining('only for users') });
  });
});

describe('namespaceCopy', () => {
  const original: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop',
      uid: '1',
      labels: {
        team: 'orders',
        'kubernetes.io/metadata.name': 'shop',
        'pod-security.kubernetes.io/enforce': 'privileged',
        'argocd.argoproj.io/managed-by': 'argocd',
      },
      annotations: {
        'lifeboat.dev/entities': '["group:default/everybody"]',
        'openshift.io/sa.scc.uid-range': '1000/10000',
      },
    },
    status: { phase: 'Active' },
  };

  it('keeps what describes, drops what grants or manages, and consents to the entity alone', () => {
    expect(namespaceCopy('shop-copy', original, scope, 'clone')).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: 'shop-copy',
        labels: { team: 'orders', 'lifeboat.dev/served': 'true' },
        annotations: {
          'openshift.io/sa.scc.uid-range': '1000/10000',
          'lifeboat.dev/created-by': 'clone',
          'lifeboat.dev/entities': '["component:default/orders"]',
        },
      },
    });
  });

  it('consents to nobody when an admin restores', () => {
    const copy = namespaceCopy('x', original, undefined, 'clone');
    expect(copy.metadata.annotations).not.toHaveProperty(
      'lifeboat.dev/entities',
    );
  });
});

describe('targets', () => {
  const question = {
    scope,
    target: 'shop-copy',
    namespace: undefined,
    controlNamespace: 'openshift-adp',
    clusterName: 'demo',
    restoreTargets: ['{{namespace}}-*'],
    createNamespaces: true,
    configConsent: [],
  };
  const existing = (entities?: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop-copy',
      ...(entities && { annotations: { 'lifeboat.dev/entities': entities } }),
    },
  });

  it.each([
    ['{{namespace}}-*', 'shop-copy', true],
    ['{{namespace}}-*', 'shop', false],
    ['{{namespace}}-*', 'payments-shop-copy', false],
    ['restore-{{namespace}}', 'restore-shop', true],
    ['restore.{{namespace}}', 'restorexshop', false],
    ['*', 'Bad_Name', false],
  ])('pattern %s and %s: %s', (pattern, name, expected) => {
    expect(matchesTargetPattern(pattern, 'shop', name)).toBe(expected);
  });

  it('lets a namespace be created by pattern, and the own one again', () => {
    expect(targetProblem(question)).toBeUndefined();
    expect(targetProblem({ ...question, target: 'shop' })).toBeUndefined();
    expect(targetProblem({ ...question, target: 'payments' })).toContain(
      'may not be created: allowed are shop-*',
    );
    expect(targetProblem({ ...question, createNamespaces: false })).toContain(
      'configured not to create namespaces',
    );
  });

  it('asks an existing namespace for its consent, whatever the patterns say', () => {
    expect(
      targetProblem({
        ...question,
        namespace: existing('["component:default/orders"]'),
      }),
    ).toBeUndefined();
    for (const entities of [undefined, '["component:default/payments"]']) {
      expect(
        targetProblem({ ...question, namespace: existing(entities) }),
      ).toContain('kubectl annotate namespace shop-copy');
    }
  });

  it('refuses a backup of more than the namespace agrees to now', () => {
    const agreed = {
      ...question,
      namespace: existing(
        '[{"entity":"component:default/orders","selector":"app=orders"}]',
      ),
    };
    const recorded = (selector?: string) => ({
      ...scope,
      ...(selector ? { selector } : { selector: undefined }),
    });
    expect(
      targetProblem({ ...agreed, recorded: recorded('app==orders,tier=web') }),
    ).toBeUndefined();
    for (const selector of [undefined, 'app=payments']) {
      expect(
        targetProblem({ ...agreed, recorded: recorded(selector) }),
      ).toContain('now agrees only to objects with app=orders');
    }
  });

  it('refuses the control namespace and fields that are for admins', () => {
    expect(targetProblem({ ...question, target: 'openshift-adp' })).toContain(
      "the engine's own",
    );
    expect(
      tenantSpecProblems(
        {
          backupName: 'b',
          includedNamespaces: ['shop', 'payments'],
          includeClusterResources: true,
          hooks: { resources: [{ name: 'run' }] },
        },
        scope,
      ),
    ).toEqual([
      expect.stringContaining('may only name namespace shop, not payments'),
      expect.stringContaining('spec.hooks is for admins'),
      expect.stringContaining('spec.includeClusterResources is for admins'),
    ]);
  });
});
