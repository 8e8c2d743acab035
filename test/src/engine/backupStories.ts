import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  coreTypes,
  veleroTypes,
  type BackupRecord,
  type KubernetesObject,
} from '@lifeboat/engine';
import { writeScope, type Backup, type RunResults } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { applicationObjects, createAll, widgetDefinition } from './application';
import { controlNamespace, EngineStage } from './EngineStage';
import { readTarball } from './readTarball';

/** What the engine puts into a backup, and how a backup goes through its phases, on any cluster. */
export function backupStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`backups on ${name}`, () => {
    let stage: EngineStage;

    const resourceList = (backup: string) =>
      stage.readJson<{ [type: string]: string[] }>(
        'backups',
        backup,
        `${backup}-resource-list.json.gz`,
      );
    const results = (backup: string) =>
      stage.readJson<RunResults>('backups', backup, `${backup}-results.gz`);
    const tarball = (backup: string) =>
      readTarball(stage.storage('backups', backup, `${backup}.tar.gz`));

    beforeAll(async () => {
      stage = await EngineStage.start(start);
      await stage.createNamespace('shop', {
        annotations: {
          'lifeboat.dev/entities':
            '[{"entity":"component:default/orders","selector":"app.kubernetes.io/part-of=orders"}]',
        },
      });
      await createAll(stage.client, [widgetDefinition]);
      await eventually('widgets are served', async () =>
        (await stage.client.discover()).find('widgets.example.com'),
      );
      await createAll(stage.client, applicationObjects(), 'shop');
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('takes a namespace, and writes all files that Velero reads', async () => {
      const backup = await stage.makeBackup('whole', {
        includedNamespaces: ['shop'],
        snapshotVolumes: false,
      });
      expect(backup.status).toMatchObject({
        phase: 'Completed',
        version: 1,
        formatVersion: '1.1.0',
        warnings: 1,
      });
      expect(backup.status?.errors).toBeUndefined();
      expect(backup.status?.expiration).toBeTruthy();
      expect(stage.files('backups', 'whole')).toEqual([
        'velero-backup.json',
        'whole-itemoperations.json.gz',
        'whole-lifeboat-record.json.gz',
        'whole-logs.gz',
        'whole-podvolumebackups.json.gz',
        'whole-resource-list.json.gz',
        'whole-results.gz',
        'whole-volumeinfo.json.gz',
        'whole-volumesnapshots.json.gz',
        'whole.tar.gz',
      ]);
      const stored = stage.readJson<Backup>(
        'backups',
        'whole',
        'velero-backup.json',
      );
      expect(stored.status).toEqual(backup.status);
      expect(stored.metadata.uid).toBe(backup.metadata.uid);
      expect(results('whole').warnings.namespaces?.shop).toEqual([
        ' resource: /persistentvolumeclaims name: /data-db-0 message: /Objects only: the data of volume claim data-db-0 is not included',
      ]);
      expect(
        stage.readJson('backups', 'whole', 'whole-volumeinfo.json.gz'),
      ).toMatchObject([
        { pvcName: 'data-db-0', pvcNamespace: 'shop', skipped: true },
      ]);
    }, 60_000);

    it('stores objects as they came, twice, after the version', async () => {
      const entries = await tarball('whole');
      expect(entries[0]).toEqual({
        name: 'metadata/version',
        mode: 0o755,
        text: '1.1.0\n',
      });
      const widget = entries.find(
        entry =>
          entry.name ===
          'resources/widgets.example.com/namespaces/shop/big.json',
      );
      expect(widget?.mode).toBe(0o755);
      expect(widget?.text).toContain('"number":9007199254740993');
      expect(widget?.text).toContain('"unknown":{"deep":[1,2.5');
      expect(widget?.text.endsWith('}')).toBe(true);
      expect(
        entries.find(
          entry =>
            entry.name ===
            'resources/widgets.example.com/v1-preferredversion/namespaces/shop/big.json',
        )?.text,
      ).toBe(widget?.text);
      const names = entries.map(entry => entry.name);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toContain('resources/namespaces/cluster/shop.json');
      expect(names).toContain(
        'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/widgets.example.com.json',
      );
      const listed = Object.entries(resourceList('whole')).flatMap(
        ([, objects]) => objects,
      );
      expect(names.length).toBe(1 + 2 * listed.length);
    }, 60_000);

    it('takes a component by its selector with what belongs to it', async () => {
      const shop = await stage.client.get<KubernetesObject>(
        coreTypes.namespaces,
        { name: 'shop' },
      );
      const scope = {
        entityRef: 'component:default/orders',
        cluster: 'test',
        namespace: 'shop',
        namespaceUid: shop?.metadata.uid ?? '',
        selector: 'app.kubernetes.io/part-of=orders',
        consent: {
          source: 'namespace' as const,
          entities: ['component:default/orders'],
        },
      };
      const { metadata } = writeScope({ metadata: {} }, scope);
      const backup = await stage.makeBackup(
        'component',
        {
          includedNamespaces: ['shop'],
          labelSelector: {
            matchLabels: { 'app.kubernetes.io/part-of': 'orders' },
          },
          snapshotVolumes: false,
        },
        metadata,
      );
      expect(backup.status?.validationErrors).toBeUndefined();
      expect(backup.status?.phase).toBe('Completed');
      const list = resourceList('component');
      expect(list).toMatchObject({
        'apps/v1/Deployment': ['shop/web'],
        'apps/v1/StatefulSet': ['shop/db'],
        'autoscaling/v2/HorizontalPodAutoscaler': ['shop/web'],
        'batch/v1/CronJob': ['shop/nightly'],
        'example.com/v1/Widget': ['shop/big'],
        'networking.k8s.io/v1/Ingress': ['shop/web'],
        'networking.k8s.io/v1/NetworkPolicy': ['shop/web'],
        'policy/v1/PodDisruptionBudget': ['shop/web'],
        'rbac.authorization.k8s.io/v1/Role': ['shop/web'],
        'rbac.authorization.k8s.io/v1/RoleBinding': ['shop/web'],
        'v1/ConfigMap': ['shop/shared-config', 'shop/web-config'],
        'v1/Namespace': ['shop'],
        'v1/PersistentVolumeClaim': ['shop/data-db-0'],
        'v1/Secret': ['shop/db-password', 'shop/web-tls'],
        'v1/Service': ['shop/web'],
      });
      expect(list['v1/ServiceAccount']).toContain('shop/web');
      const { record } = stage.readJson<{ record: BackupRecord }>(
        'backups',
        'component',
        'component-lifeboat-record.json.gz',
      );
      expect(record.scope).toEqual(scope);
      expect(record.shared).toContain('configmaps/shop/shared-config');
      expect(record.shared).not.toContain('configmaps/shop/web-config');
      expect(record.tarballSha256).toBe(
        createHash('sha256')
          .update(
            readFileSync(
              stage.storage('backups', 'component', 'component.tar.gz'),
            ),
          )
          .digest('hex'),
      );
    }, 60_000);

    it('refuses a component backup that reaches beyond its scope, or without consent', async () => {
      const scope = {
        entityRef: 'component:default/payments',
        cluster: 'test',
        namespace: 'shop',
        namespaceUid: 'another',
        consent: { source: 'namespace' as const, entities: [] },
      };
      const { metadata } = writeScope({ metadata: {} }, scope);
      const backup = await stage.makeBackup(
        'foreign',
        { includedNamespaces: ['shop', 'other'] },
        metadata,
      );
      expect(backup.status?.phase).toBe('FailedValidation');
      expect(backup.status?.validationErrors?.join('\n')).toContain(
        'must name exactly its namespace, shop',
      );
      expect(backup.status?.validationErrors?.join('\n')).toContain(
        'kubectl annotate namespace shop',
      );
      expect(stage.files('backups', 'foreign')).toEqual([]);
    }, 60_000);

    it('never takes the control namespace, nor what is labelled to stay out', async () => {
      await stage.createNamespace('left-out', {
        labels: { 'velero.io/exclude-from-backup': 'true' },
      });
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'left-out', name: 'secret-plan' },
      });
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          namespace: 'shop',
          name: 'not-in-backup',
          labels: { 'velero.io/exclude-from-backup': 'true' },
        },
      });
      const backup = await stage.makeBackup('everything', {
        snapshotVolumes: false,
      });
      expect(backup.status?.phase).toBe('Completed');
      expect(backup.spec.excludedNamespaces).toContain('left-out');
      const names = (await tarball('everything')).map(entry => entry.name);
      expect(names.filter(n => n.includes(`/${controlNamespace}`))).toEqual([]);
      expect(names.filter(n => n.includes('left-out'))).toEqual([]);
      expect(names.filter(n => n.includes('not-in-backup'))).toEqual([]);
      expect(names).toContain(
        'resources/configmaps/namespaces/shop/not-ours.json',
      );
    }, 60_000);

    it('names a namespace that does not exist', async () => {
      const backup = await stage.makeBackup('missing', {
        includedNamespaces: ['shop', 'nowhere'],
        snapshotVolumes: false,
      });
      expect(backup.status).toMatchObject({
        phase: 'PartiallyFailed',
        errors: 1,
      });
      expect(JSON.stringify(results('missing').errors)).toContain('nowhere');
    }, 60_000);

    it('does not overwrite a backup that is in storage under its name', async () => {
      const before = stage.readJson<Backup>(
        'backups',
        'missing',
        'velero-backup.json',
      );
      await stage.client.delete(veleroTypes.backups, {
        namespace: controlNamespace,
        name: 'missing',
      });
      // Synchronisation would bring the stored backup back under the same name; ours comes first or is refused by the API.
      const again = await stage
        .createBackup('missing', { includedNamespaces: ['shop'] })
        .catch(() => undefined);
      const reason = again
        ? (await stage.backupEnd('missing')).status?.failureReason
        : 'the Backup already exists';
      expect(reason).toContain('already exists');
      expect(
        stage.readJson<Backup>('backups', 'missing', 'velero-backup.json'),
      ).toEqual(before);
    }, 60_000);

    it('queues backups of the same namespace, and cancels one that waits', async () => {
      await Promise.all(
        ['first', 'second', 'third'].map(each =>
          stage.createBackup(
            each,
            { includedNamespaces: ['shop'], snapshotVolumes: false },
            each === 'third'
              ? {
                  annotations: { 'lifeboat.dev/cancel-requested': 'user:x/y' },
                }
              : {},
          ),
        ),
      );
      expect((await stage.backupEnd('first')).status?.phase).toBe('Completed');
      expect((await stage.backupEnd('second')).status?.phase).toBe('Completed');
      const third = await stage.backupEnd('third');
      expect(third.status).toMatchObject({
        phase: 'Failed',
        failureReason: 'Canceled by user:x/y',
      });
      expect(stage.files('backups', 'third')).toEqual([]);
    }, 60_000);
  });
}
