import { createClusterClient, type KubernetesObject } from '@lifeboat/engine';
import {
  writeScope,
  type BackupScope,
  type RunResults,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { createAll, typeOf, widgetDefinition } from '../engine/application';
import { EngineStage } from '../engine/EngineStage';
import {
  startRestrictedCluster,
  type RestrictedCluster,
} from './startRestrictedCluster';

const consents = {
  'lifeboat.dev/entities': '["component:default/orders"]',
};

/** What the engine does where deploy/ ends: it says what it may not, names the thing, and what the platform team runs. */
describe('an engine at the limits of its rights, on a real kube-apiserver', () => {
  let cluster: RestrictedCluster;
  let stage: EngineStage;

  const configMap = (name: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { colour: 'blue' },
  });
  const grant = (namespace: string) =>
    `kubectl -n ${namespace} create rolebinding lifeboat-engine --clusterrole=lifeboat-tenant --serviceaccount=openshift-adp:lifeboat-engine`;
  const backupResults = (backup: string) =>
    stage.readJson<RunResults>('backups', backup, `${backup}-results.gz`);
  const restoreResults = (restore: string) =>
    stage.readJson<RunResults>(
      'restores',
      restore,
      `restore-${restore}-results.gz`,
    );
  /** A namespace that the engine has no access to. */
  const createForeign = async (name: string, annotations = {}) => {
    await createAll(stage.client, [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, annotations },
      },
    ]);
    await createAll(stage.client, [configMap('settings')], name);
  };
  const names = async (namespace: string, groupResource = 'configmaps') => {
    const found: string[] = [];
    for await (const item of stage.client.list<KubernetesObject>(
      await typeOf(stage.client, groupResource),
      { namespace },
    )) {
      found.push(item.metadata.name ?? '');
    }
    return found;
  };

  beforeAll(async () => {
    stage = await EngineStage.start(
      async () => {
        cluster = await startRestrictedCluster();
        return cluster;
      },
      { restoreTargets: ['{{namespace}}-*'] },
    );
    await stage.createNamespace('shop', { annotations: consents });
    await createAll(stage.client, [configMap('settings')], 'shop');
    await createForeign('payments');
    const backup = await stage.makeBackup('shop', {
      includedNamespaces: ['shop'],
      snapshotVolumes: false,
    });
    expect(backup.status?.phase).toBe('Completed');
  }, 150_000);

  afterAll(async () => {
    await stage?.stop();
  }, 60_000);

  it('is the ServiceAccount of deploy/, and in no group of administrators', async () => {
    const engine = createClusterClient({
      name: 'engine',
      kubeconfig: cluster.engineKubeconfig,
    });
    try {
      const review = await engine.create<KubernetesObject>(
        {
          group: 'authentication.k8s.io',
          version: 'v1',
          resource: 'selfsubjectreviews',
          namespaced: false,
        },
        {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'SelfSubjectReview',
          metadata: {},
        },
      );
      expect(review.status).toMatchObject({
        userInfo: {
          username: 'system:serviceaccount:openshift-adp:lifeboat-engine',
          groups: [
            'system:serviceaccounts',
            'system:serviceaccounts:openshift-adp',
            'system:authenticated',
          ],
        },
      });
    } finally {
      engine.close();
    }
  });

  it('names a namespace without access once, with the command that gives it', async () => {
    const backup = await stage.makeBackup('foreign', {
      includedNamespaces: ['shop', 'payments'],
      snapshotVolumes: false,
    });
    expect(backup.status).toMatchObject({
      phase: 'PartiallyFailed',
      errors: 1,
    });
    const [error] = backupResults('foreign').errors.namespaces?.payments ?? [];
    expect(error).toContain('nothing of this namespace is in the backup');
    expect(error).toContain(grant('payments'));
  }, 60_000);

  it('takes what it may read of all namespaces, and warns of each other one', async () => {
    const backup = await stage.makeBackup('all', { snapshotVolumes: false });
    expect(backup.status?.phase).toBe('Completed');
    const { warnings } = backupResults('all');
    expect(Object.keys(warnings.namespaces ?? {}).sort()).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
      'payments',
    ]);
    const list = stage.readJson<{ [type: string]: string[] }>(
      'backups',
      'all',
      'all-resource-list.json.gz',
    );
    expect(list['v1/ConfigMap']).toContain('shop/settings');
    expect(list['v1/Namespace']).toEqual(['shop']);
  }, 60_000);

  it('takes nothing more from a namespace from which access was taken away', async () => {
    await stage.createNamespace('served-once', { annotations: consents });
    await createAll(stage.client, [configMap('settings')], 'served-once');
    const spec = {
      includedNamespaces: ['served-once'],
      snapshotVolumes: false,
    };
    expect((await stage.makeBackup('before', spec)).status?.phase).toBe(
      'Completed',
    );
    await cluster.kubectl.run([
      ...['-n', 'served-once', 'delete', 'rolebinding', 'lifeboat-engine'],
    ]);
    const backup = await stage.makeBackup('after', spec);
    expect(backup.status).toMatchObject({
      phase: 'PartiallyFailed',
      errors: 1,
    });
  }, 60_000);

  it('says which command opens an existing target', async () => {
    await createForeign('shop-closed', consents);
    const restore = await stage.makeRestore('closed', {
      backupName: 'shop',
      namespaceMapping: { shop: 'shop-closed' },
    });
    expect(restore.status?.phase).toBe('PartiallyFailed');
    const errors = restoreResults('closed').errors.namespaces?.['shop-closed'];
    expect(errors?.[0]).toContain(grant('shop-closed'));
  }, 60_000);

  it('does not write to a target that carries no mark, even with access', async () => {
    await createForeign('shop-unmarked');
    await cluster.kubectl.shell(grant('shop-unmarked'));
    await createAll(stage.client, [configMap('only-here')], 'shop');
    await stage.makeBackup('newer', {
      includedNamespaces: ['shop'],
      snapshotVolumes: false,
    });
    const restore = await stage.makeRestore('unmarked', {
      backupName: 'newer',
      namespaceMapping: { shop: 'shop-unmarked' },
    });
    expect(restore.status?.phase).toBe('PartiallyFailed');
    expect(
      restoreResults('unmarked').errors.namespaces?.['shop-unmarked']?.join(),
    ).toContain('label it lifeboat.dev/served=true');
    expect(await names('shop-unmarked')).not.toContain('only-here');
  }, 60_000);

  it('makes no namespace with a name of the platform', async () => {
    const restore = await stage.makeRestore('platform', {
      backupName: 'shop',
      namespaceMapping: { shop: 'openshift-shop' },
    });
    expect(restore.status?.phase).toBe('PartiallyFailed');
    expect(JSON.stringify(restoreResults('platform').errors)).toContain(
      'no name of the platform',
    );
  }, 60_000);

  it('restores the Roles of an application, but none that grants more than it has', async () => {
    const account = { kind: 'ServiceAccount', name: 'default' };
    const role = (name: string, rule: object): KubernetesObject[] => [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name },
        rules: [rule],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'Role',
          name,
        },
        subjects: [{ ...account, namespace: 'shop' }],
      },
    ];
    await createAll(
      stage.client,
      [
        ...role('reader', {
          apiGroups: [''],
          resources: ['configmaps'],
          verbs: ['get', 'list'],
        }),
        ...role('cleaner', {
          apiGroups: [''],
          resources: ['configmaps'],
          verbs: ['delete'],
        }),
      ],
      'shop',
    );
    await stage.makeBackup('roles', {
      includedNamespaces: ['shop'],
      snapshotVolumes: false,
    });
    const restore = await stage.makeRestore('roles', {
      backupName: 'roles',
      namespaceMapping: { shop: 'shop-roles' },
    });
    expect(restore.status?.phase).toBe('PartiallyFailed');
    const errors = restoreResults('roles').errors.namespaces?.['shop-roles'];
    expect(errors?.filter(error => error.includes('cleaner'))).toHaveLength(2);
    expect(errors).toHaveLength(2);
    expect(errors?.join()).toContain('refuses it as an escalation');
    for (const type of ['roles', 'rolebindings']) {
      const made = await names(
        'shop-roles',
        `${type}.rbac.authorization.k8s.io`,
      );
      expect(made).toContain('reader');
      expect(made).not.toContain('cleaner');
    }
  }, 60_000);

  it('asks an administrator for a definition that is gone', async () => {
    await createAll(stage.client, [widgetDefinition]);
    await eventually('widgets are served', async () =>
      (await stage.client.discover()).find('widgets.example.com'),
    );
    await createAll(
      stage.client,
      [
        {
          apiVersion: 'example.com/v1',
          kind: 'Widget',
          metadata: { name: 'big' },
        },
      ],
      'shop',
    );
    await stage.makeBackup('widgets', {
      includedNamespaces: ['shop'],
      snapshotVolumes: false,
    });
    await cluster.kubectl.run(['delete', 'crd', 'widgets.example.com']);
    const restore = await stage.makeRestore('widgets', {
      backupName: 'widgets',
      namespaceMapping: { shop: 'shop-widgets' },
    });
    expect(restore.status?.phase).toBe('PartiallyFailed');
    const errors = JSON.stringify(restoreResults('widgets').errors);
    expect(errors).toContain('widgets.example.com');
    expect(errors).toContain('an administrator creates it');
  }, 60_000);

  it('restores a component of a tenant, who needs no rights in the cluster', async () => {
    const shop = await cluster.kubectl.run([
      ...['get', 'namespace', 'shop', '-o=jsonpath={.metadata.uid}'],
    ]);
    const scope: BackupScope = {
      entityRef: 'component:default/orders',
      cluster: 'test',
      namespace: 'shop',
      namespaceUid: shop,
      consent: { source: 'namespace', entities: ['component:default/orders'] },
    };
    const { metadata } = writeScope({ metadata: {} }, scope);
    const backup = await stage.makeBackup(
      'tenant',
      {
        includedNamespaces: ['shop'],
        includedResources: ['configmaps'],
        snapshotVolumes: false,
      },
      metadata,
    );
    expect(backup.status?.phase).toBe('Completed');
    const restore = await stage.makeRestore(
      'tenant',
      { backupName: 'tenant', namespaceMapping: { shop: 'shop-tenant' } },
      metadata,
    );
    expect(restore.status).toMatchObject({ phase: 'Completed' });
    expect(await names('shop-tenant')).toContain('settings');
    // The engine gave itself access to what it made, by the one role that it may bind.
    const binding = await cluster.kubectl.run([
      ...['-n', 'shop-tenant', 'get', 'rolebinding', 'lifeboat-engine'],
      '-o=jsonpath={.roleRef.name} {.subjects[*].name}',
    ]);
    expect(binding).toBe('lifeboat-tenant lifeboat-engine');
  }, 60_000);
});
