import {
  coreTypes,
  createClusterClient,
  loadRecordSigner,
  openBackupStore,
  planRestore,
  stringifyJson,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  writeScope,
  type BackupScope,
  type BackupStorageLocation,
  type RunResults,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import {
  applicationObjects,
  createAll,
  typeOf,
  widgetDefinition,
} from './application';
import { controlNamespace, EngineStage } from './EngineStage';

const selector = 'app.kubernetes.io/part-of=orders';

/** What comes back from a backup, where it may go and how it is changed on the way, on any cluster. */
export function restoreStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`restores on ${name}`, () => {
    let stage: EngineStage;
    let scope: BackupScope;

    const get = async (
      groupResource: string,
      namespace: string,
      object: string,
    ) =>
      stage.client.get<KubernetesObject>(
        await typeOf(stage.client, groupResource),
        { namespace, name: object },
      );
    const results = (restore: string) =>
      stage.readJson<RunResults>(
        'restores',
        restore,
        `restore-${restore}-results.gz`,
      );
    const resourceList = (restore: string) =>
      stage.readJson<{ [type: string]: string[] }>(
        'restores',
        restore,
        `restore-${restore}-resource-list.json.gz`,
      );
    const scoped = (change: Partial<BackupScope> = {}) =>
      writeScope({ metadata: {} }, { ...scope, ...change }).metadata;

    beforeAll(async () => {
      stage = await EngineStage.start(start, {
        restoreTargets: ['{{namespace}}-*'],
      });
      const shop = await stage.createNamespace('shop', {
        labels: {
          team: 'orders',
          'pod-security.kubernetes.io/enforce': 'privileged',
        },
        annotations: {
          'lifeboat.dev/entities': JSON.stringify([
            { entity: 'component:default/orders', selector },
            {
              entity: 'component:default/payments',
              selector: 'app.kubernetes.io/part-of=payments',
            },
          ]),
        },
      });
      scope = {
        entityRef: 'component:default/orders',
        cluster: 'test',
        namespace: 'shop',
        namespaceUid: shop.metadata.uid ?? '',
        selector,
        consent: {
          source: 'namespace',
          entities: ['component:default/orders'],
        },
      };
      await createAll(stage.client, [widgetDefinition]);
      await eventually('widgets are served', async () =>
        (await stage.client.discover()).find('widgets.example.com'),
      );
      await createAll(stage.client, applicationObjects(), 'shop');
      const widget = await get('widgets.example.com', 'shop', 'big');
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          namespace: 'shop',
          name: 'made-by-big',
          labels: { 'app.kubernetes.io/part-of': 'orders' },
          ownerReferences: [
            {
              apiVersion: 'example.com/v1',
              kind: 'Widget',
              name: 'big',
              uid: widget?.metadata.uid ?? '',
              controller: true,
            },
          ],
        },
      });
      await stage.prepareBackup(
        'orders',
        {
          includedNamespaces: ['shop'],
          labelSelector: {
            matchLabels: { 'app.kubernetes.io/part-of': 'orders' },
          },
          snapshotVolumes: false,
        },
        scoped(),
      );
      await stage.prepareBackup('whole', {
        includedNamespaces: ['shop'],
        snapshotVolumes: false,
      });
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('restores a component into a new namespace, field by field', async () => {
      const restore = await stage.makeRestore(
        'clone',
        { backupName: 'orders', namespaceMapping: { shop: 'shop-copy' } },
        scoped(),
      );
      expect(restore.status).toMatchObject({ phase: 'Completed' });
      expect(results('clone').warnings.velero).toEqual([
        'Objects only: the data of 1 volume is not included',
      ]);
      for (const original of applicationObjects()) {
        const { name: object = '' } = original.metadata;
        if (['not-ours', 'stranger'].includes(object)) {
          continue;
        }
        const type = (await stage.client.discover()).forKind(
          original.apiVersion,
          original.kind,
        )!;
        const source = await stage.client.get<KubernetesObject>(type, {
          namespace: 'shop',
          name: object,
        });
        const copy = await stage.client.get<KubernetesObject>(type, {
          namespace: 'shop-copy',
          name: object,
        });
        expect(comparable(copy)).toEqual(comparable(source));
        expect(copy?.metadata.labels).toMatchObject({
          'velero.io/backup-name': 'orders',
          'velero.io/restore-name': 'clone',
        });
      }
      const binding = await get(
        'rolebindings.rbac.authorization.k8s.io',
        'shop-copy',
        'web',
      );
      expect(binding?.subjects).toMatchObject([
        { kind: 'ServiceAccount', name: 'web', namespace: 'shop-copy' },
      ]);
      expect(
        stringifyJson(await get('widgets.example.com', 'shop-copy', 'big')),
      ).toContain('"number":9007199254740993');
    }, 90_000);

    it('makes the namespace with consent for this entity, without rights it had', async () => {
      const copy = await stage.client.get<KubernetesObject>(
        coreTypes.namespaces,
        { name: 'shop-copy' },
      );
      expect(copy?.metadata.annotations).toMatchObject({
        'lifeboat.dev/entities': '["component:default/orders"]',
      });
      expect(copy?.metadata.labels).toMatchObject({ team: 'orders' });
      expect(Object.keys(copy?.metadata.labels ?? {})).not.toContain(
        'pod-security.kubernetes.io/enforce',
      );
    });

    it('gives restored objects their owners again', async () => {
      const widget = await get('widgets.example.com', 'shop-copy', 'big');
      const owned = await get('configmaps', 'shop-copy', 'made-by-big');
      expect(owned?.metadata.ownerReferences).toEqual([
        {
          apiVersion: 'example.com/v1',
          kind: 'Widget',
          name: 'big',
          uid: widget?.metadata.uid,
          controller: true,
        },
      ]);
      const deployment = await get('deployments.apps', 'shop-copy', 'web');
      for (const set of resourceList('clone')['apps/v1/ReplicaSet'] ?? []) {
        const [, replicaSet] = /^shop-copy\/(.*)\(created\)$/.exec(set) ?? [];
        await eventually(`ReplicaSet ${replicaSet} has its owner`, async () => {
          const found = await get('replicasets.apps', 'shop-copy', replicaSet);
          return found?.metadata.ownerReferences?.some(
            owner => owner.uid === deployment?.metadata.uid,
          );
        });
      }
      const pods = resourceList('clone')['v1/Pod'] ?? [];
      expect(pods.filter(pod => !pod.endsWith('(skipped)'))).toEqual([]);
    }, 30_000);

    it('changes nothing when everything is there', async () => {
      const before = await get('deployments.apps', 'shop-copy', 'web');
      const restore = await stage.makeRestore(
        'again',
        { backupName: 'orders', namespaceMapping: { shop: 'shop-copy' } },
        scoped(),
      );
      expect(restore.status?.phase).toBe('Completed');
      const outcomes = Object.values(resourceList('again')).flat();
      expect(outcomes.filter(text => text.endsWith('(created)'))).toEqual([]);
      const after = await get('deployments.apps', 'shop-copy', 'web');
      expect(after?.spec).toEqual(before?.spec);
      expect(after?.metadata.labels).toEqual(before?.metadata.labels);
    }, 60_000);

    it('brings back what is missing, and keeps or corrects what was changed', async () => {
      const configMaps = coreTypes.configMaps;
      const ref = { namespace: 'shop-copy', name: 'web-config' };
      const change = async (object: string) =>
        stage.client.patch(
          configMaps,
          { namespace: 'shop-copy', name: object },
          {
            contentType: 'merge',
            body: { data: { COLOUR: 'red', shared: 'changed' } },
          },
        );
      await change('web-config');
      await stage.client.delete(coreTypes.services, {
        namespace: 'shop-copy',
        name: 'web',
      });
      const kept = await stage.makeRestore(
        'kept',
        { backupName: 'orders', namespaceMapping: { shop: 'shop-copy' } },
        scoped(),
      );
      expect(kept.status?.phase).toBe('Completed');
      expect(await get('services', 'shop-copy', 'web')).toBeDefined();
      expect(
        (await stage.client.get<KubernetesObject>(configMaps, ref))?.data,
      ).toMatchObject({
        COLOUR: 'red',
      });
      expect(results('kept').warnings.namespaces?.['shop-copy']).toContain(
        'could not restore, ConfigMap:web-config already exists. Warning: the in-cluster version is different than the backed-up version',
      );

      await change('shared-config');
      const corrected = await stage.makeRestore(
        'corrected',
        {
          backupName: 'orders',
          namespaceMapping: { shop: 'shop-copy' },
          existingResourcePolicy: 'update',
        },
        scoped(),
      );
      expect(corrected.status?.errors).toBeUndefined();
      const after = await stage.client.get<KubernetesObject>(configMaps, ref);
      expect(after?.data).toEqual({ COLOUR: 'blue' });
      // Other workloads of the source use it too: it is only restored when missing.
      const shared = await get('configmaps', 'shop-copy', 'shared-config');
      expect(shared?.data).toMatchObject({ shared: 'changed' });
    }, 90_000);

    it('tells beforehand what it would do, and writes nothing', async () => {
      const client = createClusterClient({
        name: 'test',
        kubeconfig: stage.cluster.kubeconfig,
      });
      try {
        const location = await client.get<BackupStorageLocation>(
          veleroTypes.backupStorageLocations,
          { namespace: controlNamespace, name: 'default' },
        );
        const { signal } = new AbortController();
        const plan = await planRestore({
          client,
          store: await openBackupStore(location!, {
            client,
            namespace: controlNamespace,
            signal,
          }),
          signer: await loadRecordSigner({
            client,
            namespace: controlNamespace,
            signal,
          }),
          backup: (await stage.getBackup('orders'))!,
          spec: {
            backupName: 'orders',
            namespaceMapping: { shop: 'shop-planned' },
          },
          scope,
          controlNamespace,
          clusterName: 'test',
          restoreTargets: ['{{namespace}}-*'],
          createNamespaces: true,
          configConsent: [],
          signal,
        });
        expect(plan.problems).toEqual([]);
        expect(plan.targetExists).toBe(false);
        expect(plan.volumesWithoutData).toBe(1);
        expect(
          plan.items.find(
            item => item.kind === 'Deployment' && item.name === 'web',
          ),
        ).toMatchObject({ action: 'created', namespace: 'shop-planned' });
        expect(
          await client.get(coreTypes.namespaces, { name: 'shop-planned' }),
        ).toBeUndefined();
      } finally {
        client.close();
      }
    }, 60_000);

    it.each([
      [
        'a namespace outside of the patterns',
        'orders',
        { shop: 'elsewhere' },
        {},
        'namespace elsewhere may not be created',
      ],
      [
        'a namespace that exists and did not agree',
        'orders',
        { shop: controlNamespace },
        {},
        "the engine's own",
      ],
      [
        'a backup of another entity',
        'orders',
        { shop: 'shop-b' },
        { entityRef: 'component:default/payments' },
        'was made for component:default/orders',
      ],
      [
        'a backup that no entity asked for',
        'whole',
        { shop: 'shop-b' },
        {},
        'was made for no entity',
      ],
      [
        'namespaces beside its own',
        'orders',
        { shop: 'shop-b', other: 'shop-c' },
        {},
        'may only name namespace shop',
      ],
    ])(
      'refuses a tenant %s',
      async (what, backupName, namespaceMapping, change, message) => {
        const restore = `refused-${what.replace(/[^a-z]+/g, '-')}`.slice(0, 50);
        const refused = await stage.makeRestore(
          restore,
          { backupName, namespaceMapping },
          scoped(change),
        );
        expect(refused.status?.phase).toBe('FailedValidation');
        expect(refused.status?.validationErrors?.join('\n')).toContain(message);
        expect(stage.files('restores', restore)).toEqual([]);
      },
      30_000,
    );

    it('restores for an admin, with a modifier and by namespace', async () => {
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: controlNamespace, name: 'modifier' },
        data: {
          'rules.yaml': [
            'version: v1',
            'resourceModifierRules:',
            '- conditions:',
            '    groupResource: deployments.apps',
            '    namespaces: [shop]',
            '  patches:',
            '  - operation: replace',
            '    path: /spec/replicas',
            '    value: "0"',
          ].join('\n'),
        },
      });
      const restore = await stage.makeRestore('admin', {
        backupName: 'whole',
        namespaceMapping: { shop: 'anywhere' },
        resourceModifier: { kind: 'configmap', name: 'modifier' },
      });
      expect(restore.status).toMatchObject({ phase: 'Completed' });
      const web = await get('deployments.apps', 'anywhere', 'web');
      expect(web?.spec).toMatchObject({ replicas: 0 });
      expect(await get('configmaps', 'anywhere', 'not-ours')).toBeDefined();
    }, 60_000);

    it('does not restore RoleBindings that would lend rights to a tenant', async () => {
      await createAll(
        stage.client,
        [
          {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'RoleBinding',
            metadata: {
              name: 'too-much',
              labels: { 'app.kubernetes.io/part-of': 'orders' },
            },
            roleRef: {
              apiGroup: 'rbac.authorization.k8s.io',
              kind: 'ClusterRole',
              name: 'cluster-admin',
            },
            subjects: [
              { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
            ],
          },
        ],
        'shop',
      );
      const backup = await stage.makeBackup(
        'greedy',
        {
          includedNamespaces: ['shop'],
          labelSelector: {
            matchLabels: { 'app.kubernetes.io/part-of': 'orders' },
          },
          snapshotVolumes: false,
        },
        scoped(),
      );
      expect(backup.status?.phase).toBe('Completed');
      const restore = await stage.makeRestore(
        'greedy',
        { backupName: 'greedy', namespaceMapping: { shop: 'shop-greedy' } },
        scoped(),
      );
      expect(restore.status?.phase).toBe('PartiallyFailed');
      expect(results('greedy').errors.namespaces?.['shop-greedy']).toEqual([
        "RoleBinding too-much gives ClusterRole cluster-admin, which is not on the platform's list for restores",
      ]);
      expect(
        await get(
          'rolebindings.rbac.authorization.k8s.io',
          'shop-greedy',
          'too-much',
        ),
      ).toBeUndefined();
    }, 60_000);

    it('removes a restore’s files with it', async () => {
      expect(stage.files('restores', 'again')).toEqual([
        'again-volumeinfo.json.gz',
        'restore-again-itemoperations.json.gz',
        'restore-again-logs.gz',
        'restore-again-resource-list.json.gz',
        'restore-again-results.gz',
      ]);
      await stage.client.delete(veleroTypes.restores, {
        namespace: controlNamespace,
        name: 'again',
      });
      await eventually('the Restore is gone', async () => {
        return (await stage.getRestore('again')) === undefined;
      });
      expect(stage.files('restores', 'again')).toEqual([]);
    }, 30_000);
  });
}

/** An object without what differs between any two namespaces. */
function comparable(object: KubernetesObject | undefined): unknown {
  if (!object) {
    return undefined;
  }
  const { status, metadata, ...rest } = object;
  const labels = { ...metadata.labels };
  delete labels['velero.io/backup-name'];
  delete labels['velero.io/restore-name'];
  const text = JSON.stringify({ ...rest, labels, name: metadata.name })
    .replaceAll('"shop-copy"', '"shop"')
    .replace(/"clusterIPs?":("[^"]*"|\[[^\]]*\]),?/g, '')
    .replace(/"volumeName":"[^"]*",?/g, '');
  return JSON.parse(text.replace(/,}/g, '}'));
}
