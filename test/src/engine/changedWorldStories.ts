import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import {
  coreTypes,
  loadRecordSigner,
  openBackupStore,
  planRestore,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  writeScope,
  type Backup,
  type BackupScope,
  type BackupStorageLocation,
  type DeleteBackupRequest,
  type RunResults,
  type Schedule,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { createAll, widgetDefinition } from './application';
import { controlNamespace, EngineStage } from './EngineStage';

const entity = 'component:default/orders';
const consent = { 'lifeboat.dev/entities': JSON.stringify([entity]) };
const objectsOnly = { snapshotVolumes: false };

/** The world changes between a backup and what is done with it: namespaces, locations, resources, other clusters. */
export function changedWorldStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`a changed world on ${name}`, () => {
    let stage: EngineStage;
    let counter = 0;

    const unique = (prefix: string) => {
      counter += 1;
      return `${prefix}-${counter}`;
    };

    beforeAll(async () => {
      stage = await EngineStage.start(start);
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    async function namespaceWith(
      objects: KubernetesObject[],
      annotations: { [key: string]: string } = consent,
    ): Promise<{ name: string; scope: BackupScope }> {
      const namespace = unique('shop');
      const created = await stage.createNamespace(namespace, { annotations });
      await createAll(stage.client, objects, namespace);
      return { name: namespace, scope: scopeOf(created) };
    }

    function scopeOf(namespace: KubernetesObject): BackupScope {
      return {
        entityRef: entity,
        cluster: 'test',
        namespace: namespace.metadata.name ?? '',
        namespaceUid: namespace.metadata.uid ?? '',
        consent: { source: 'namespace', entities: [entity] },
      };
    }

    const annotationsOf = (scope: BackupScope) =>
      writeScope({ metadata: {} }, scope).metadata;

    const settings: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { colour: 'blue' },
    };

    /** Deletes a namespace and makes another one of its name. */
    async function remake(
      namespace: string,
      annotations: { [key: string]: string } = {},
    ): Promise<KubernetesObject> {
      await stage.client.delete(coreTypes.namespaces, { name: namespace });
      await eventually(
        `namespace ${namespace} is gone`,
        async () =>
          !(await stage.client.get(coreTypes.namespaces, { name: namespace })),
        30_000,
      );
      return stage.createNamespace(namespace, { annotations });
    }

    async function location(spec: object): Promise<void> {
      await stage.client.patch(
        veleroTypes.backupStorageLocations,
        { namespace: controlNamespace, name: 'default' },
        { contentType: 'merge', body: { spec } },
      );
      // The change is looked at at once.
      await eventually('the location is checked', async () => {
        const before = Date.now() - 5_000;
        const found = await stage.client.get<BackupStorageLocation>(
          veleroTypes.backupStorageLocations,
          { namespace: controlNamespace, name: 'default' },
        );
        const at = Date.parse(found?.status?.lastValidationTime ?? '');
        return found?.status?.phase === 'Available' && at >= before;
      });
    }

    async function deletion(backup: string): Promise<string[]> {
      const request = unique('delete');
      await stage.client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace: controlNamespace, name: request },
          spec: { backupName: backup },
        },
      );
      return eventually(`the deletion of ${backup} ends`, async () => {
        const found = await stage.client.get<DeleteBackupRequest>(
          veleroTypes.deleteBackupRequests,
          { namespace: controlNamespace, name: request },
        );
        if (!found) {
          return [];
        }
        return (
          found.status?.phase === 'Processed' && (found.status.errors ?? [])
        );
      });
    }

    it('stops a tenant whose namespace was made anew, until the new one agrees', async () => {
      const { name: namespace, scope } = await namespaceWith([settings]);
      const metadata = annotationsOf(scope);
      const spec = { includedNamespaces: [namespace], ...objectsOnly };
      const backup = unique('tenant');
      await stage.prepareBackup(backup, spec, metadata);
      const remade = await remake(namespace);

      const again = await stage.makeBackup(unique('tenant'), spec, metadata);
      expect(again.status?.phase).toBe('FailedValidation');
      expect(again.status?.validationErrors?.join()).toContain(
        `Namespace ${namespace} was deleted and made anew since ${entity} was allowed to use it`,
      );

      const schedule = unique('nightly');
      await stage.client.create<Schedule>(veleroTypes.schedules, {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        metadata: { ...metadata, namespace: controlNamespace, name: schedule },
        spec: { schedule: '@every 1s', template: spec },
      });
      const paused = await eventually('the schedule is paused', async () => {
        const found = await stage.client.get<Schedule>(veleroTypes.schedules, {
          namespace: controlNamespace,
          name: schedule,
        });
        return found?.spec.paused && found;
      });
      expect(paused.status?.validationErrors?.[0]).toContain('made anew');

      const refused = await stage.makeRestore(
        unique('tenant'),
        { backupName: backup },
        metadata,
      );
      expect(refused.status?.phase).toBe('FailedValidation');
      expect(refused.status?.validationErrors?.join()).toContain(
        `kubectl annotate namespace ${namespace}`,
      );

      await stage.client.patch(
        coreTypes.namespaces,
        { name: namespace },
        {
          contentType: 'merge',
          body: { metadata: { annotations: consent } },
        },
      );
      const restored = await stage.makeRestore(
        unique('tenant'),
        { backupName: backup },
        annotationsOf(scopeOf(remade)),
      );
      expect(restored.status?.phase).toBe('Completed');
      expect(restored.spec.itemOperationTimeout).toBe('4h0m0s');
    }, 120_000);

    it('does not restore over what a namespace gave to others since', async () => {
      const { name: namespace, scope } = await namespaceWith([settings]);
      const backup = unique('wide');
      await stage.prepareBackup(
        backup,
        { includedNamespaces: [namespace], ...objectsOnly },
        annotationsOf(scope),
      );
      await stage.client.patch(
        coreTypes.namespaces,
        { name: namespace },
        {
          contentType: 'merge',
          body: {
            metadata: {
              annotations: {
                'lifeboat.dev/entities': JSON.stringify([
                  { entity, selector: 'app=orders' },
                  { entity: 'component:default/other', selector: 'app=other' },
                ]),
              },
            },
          },
        },
      );
      const restore = await stage.makeRestore(
        unique('wide'),
        { backupName: backup, existingResourcePolicy: 'update' },
        annotationsOf({ ...scope, selector: 'app=orders' }),
      );
      expect(restore.status?.phase).toBe('FailedValidation');
      expect(restore.status?.validationErrors?.join()).toContain(
        `namespace ${namespace} now agrees only to objects with app=orders`,
      );
    }, 60_000);

    it('takes nothing under a scope that does not parse', async () => {
      const { name: namespace } = await namespaceWith([settings]);
      const metadata = { annotations: { 'lifeboat.dev/scope': '{"entity' } };
      const backup = await stage.makeBackup(
        unique('odd'),
        { includedNamespaces: [namespace] },
        metadata,
      );
      expect(backup.status?.phase).toBe('FailedValidation');
      expect(backup.status?.validationErrors?.join()).toContain(
        'metadata.annotations["lifeboat.dev/scope"] cannot be understood',
      );
      const good = unique('good');
      await stage.prepareBackup(good, {
        includedNamespaces: [namespace],
        ...objectsOnly,
      });
      const restore = await stage.makeRestore(
        unique('odd'),
        { backupName: good },
        metadata,
      );
      expect(restore.status?.phase).toBe('FailedValidation');
      expect(restore.status?.validationErrors?.join()).toContain(
        'cannot be understood',
      );
      const schedule = unique('odd');
      await stage.client.create<Schedule>(veleroTypes.schedules, {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        metadata: { ...metadata, namespace: controlNamespace, name: schedule },
        spec: {
          schedule: '@every 1s',
          template: { includedNamespaces: [namespace] },
        },
      });
      await eventually('the schedule is paused', async () => {
        const found = await stage.client.get<Schedule>(veleroTypes.schedules, {
          namespace: controlNamespace,
          name: schedule,
        });
        return (
          found?.spec.paused &&
          found.status?.validationErrors?.[0].includes('cannot be understood')
        );
      });
    }, 60_000);

    it('keeps the spec and the scope with which a backup started, whatever is written into it while it runs', async () => {
      const many = Array.from({ length: 400 }, (_, index) => ({
        ...settings,
        metadata: { name: `settings-${index}` },
      }));
      const { name: namespace } = await namespaceWith(many);
      const { name: other } = await namespaceWith([settings]);
      let backup = '';
      for (let caught = false; !caught; ) {
        backup = unique('edited');
        await stage.createBackup(backup, {
          includedNamespaces: [namespace],
          ...objectsOnly,
        });
        await eventually(
          'it has begun',
          async () =>
            !['', 'New', 'Queued'].includes(
              (await stage.getBackup(backup))?.status?.phase ?? '',
            ),
        );
        const edited = await stage.client.patch<Backup>(
          veleroTypes.backups,
          { namespace: controlNamespace, name: backup },
          {
            contentType: 'merge',
            body: {
              metadata: {
                labels: { mine: 'yes' },
                annotations: {
                  'lifeboat.dev/scope': JSON.stringify({
                    entityRef: 'component:default/thief',
                    cluster: 'test',
                    namespace: other,
                    namespaceUid: 'x',
                    consent: { source: 'config', entities: ['x:y/z'] },
                  }),
                },
              },
              spec: { includedNamespaces: [other] },
            },
          },
        );
        // It may have been too quick for us.
        caught = edited.status?.phase === 'InProgress';
      }
      const ended = await stage.backupEnd(backup);
      const stored = stage.readJson<Backup>(
        'backups',
        backup,
        'velero-backup.json',
      );
      expect(ended.status).toMatchObject({ phase: 'Completed', warnings: 1 });
      for (const each of [ended, stored]) {
        expect(each.spec.includedNamespaces).toEqual([namespace]);
        expect(each.metadata.annotations).not.toHaveProperty(
          'lifeboat.dev/scope',
        );
        expect(each.metadata.labels?.mine).toBe('yes');
      }
      expect(
        stage.readJson<RunResults>('backups', backup, `${backup}-results.gz`)
          .warnings.velero?.[0],
      ).toContain('edited while it was running');
    }, 90_000);

    it('touches no other backup of the same name in storage', async () => {
      const { name: namespace } = await namespaceWith([settings]);
      const taken = unique('taken');
      const foreign: Backup = {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name: taken, namespace: 'velero', uid: 'foreign' },
        spec: {},
        // Not brought in, because of its phase.
        status: {
          phase: 'PartiallyFailed',
          startTimestamp: '2020-01-01T00:00:00Z',
          completionTimestamp: '2020-01-01T00:01:00Z',
        },
      };
      mkdirSync(stage.storage('backups', taken), { recursive: true });
      writeFileSync(
        stage.storage('backups', taken, 'velero-backup.json'),
        JSON.stringify(foreign),
      );
      const backup = await stage.makeBackup(taken, {
        includedNamespaces: [namespace],
        ...objectsOnly,
      });
      expect(backup.status?.phase).toBe('Failed');
      expect(backup.status?.failureReason).toContain(
        `a backup named ${taken} already exists in storage location default; choose another name`,
      );
      expect(await deletion(taken)).toEqual([]);
      expect(await stage.getBackup(taken)).toBeUndefined();
      expect(stage.files('backups', taken)).toEqual(['velero-backup.json']);
    }, 60_000);

    it('says that a location was pointed elsewhere, and deletes nothing there', async () => {
      const { name: namespace } = await namespaceWith([settings]);
      const backup = unique('moved');
      await stage.prepareBackup(backup, {
        includedNamespaces: [namespace],
        ...objectsOnly,
      });
      const other = `${stage.storage()}-other`;
      mkdirSync(other);
      await location({ config: { path: other } });
      try {
        const restore = await stage.makeRestore(unique('moved'), {
          backupName: backup,
        });
        expect(restore.status?.phase).toBe('FailedValidation');
        expect(restore.status?.validationErrors?.join()).toMatch(
          /is not in storage location default: location default points to another place .* point it back/,
        );
        expect((await deletion(backup)).join()).toContain(
          'points to another place',
        );
        expect((await stage.getBackup(backup))?.status?.phase).toBe(
          'Completed',
        );

        // Another cluster's backup of that name in the other place.
        cpSync(stage.storage('backups', backup), `${other}/backups/${backup}`, {
          recursive: true,
        });
        const stored = stage.readJson<Backup>(
          'backups',
          backup,
          'velero-backup.json',
        );
        writeFileSync(
          `${other}/backups/${backup}/velero-backup.json`,
          JSON.stringify({
            ...stored,
            metadata: { ...stored.metadata, uid: 'foreign' },
            status: {
              ...stored.status,
              startTimestamp: '2020-01-01T00:00:00Z',
            },
          }),
        );
        const wrong = await stage.makeRestore(unique('moved'), {
          backupName: backup,
        });
        expect(wrong.status?.validationErrors?.join()).toContain(
          'holds another backup of that name',
        );
        expect((await deletion(backup)).join()).toContain(
          'holds another backup of the name',
        );
      } finally {
        await location({ config: { path: stage.storage() } });
      }
      const restored = await stage.makeRestore(unique('moved'), {
        backupName: backup,
        namespaceMapping: { [namespace]: unique('back') },
      });
      expect(restored.status?.phase).toBe('Completed');
    }, 120_000);

    it('only reads from a read-only location', async () => {
      const { name: namespace } = await namespaceWith([settings]);
      const spec = { includedNamespaces: [namespace], ...objectsOnly };
      const backup = unique('kept');
      await stage.prepareBackup(backup, spec);
      await location({ accessMode: 'ReadOnly' });
      const restore = unique('kept');
      try {
        const refused = await stage.makeBackup(unique('kept'), spec);
        expect(refused.status?.validationErrors?.join()).toContain(
          "backup can't be created because backup storage location default is currently in read-only mode",
        );
        expect((await deletion(backup)).join()).toContain(
          'currently in read-only mode',
        );
        const before = stage.files();
        const restored = await stage.makeRestore(restore, {
          backupName: backup,
          namespaceMapping: { [namespace]: unique('copy') },
        });
        expect(restored.status?.phase).toBe('Completed');
        expect(stage.files()).toEqual(before);
        await stage.client.delete(veleroTypes.restores, {
          namespace: controlNamespace,
          name: restore,
        });
        await eventually(
          'the Restore is gone',
          async () => !(await stage.getRestore(restore)),
        );
      } finally {
        await location({ accessMode: 'ReadWrite' });
      }
      expect(stage.files('backups', backup)).toHaveLength(10);
    }, 90_000);

    it('says of each pod that asks for hooks that they are not run where the namespace does not allow them', async () => {
      const { name: namespace } = await namespaceWith([
        {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'db' },
        },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: 'db',
            annotations: {
              'pre.hook.backup.velero.io/command': '["fsfreeze"]',
              'post.hook.restore.velero.io/command': '["warm-up"]',
            },
          },
          spec: {
            serviceAccountName: 'db',
            containers: [{ name: 'db', image: 'registry.example.com/db:1' }],
          },
        },
      ]);
      const backup = unique('hooks');
      const made = await stage.makeBackup(backup, {
        includedNamespaces: [namespace],
        ...objectsOnly,
      });
      expect(made.status).toMatchObject({ phase: 'Completed', warnings: 1 });
      expect(
        stage.readJson<RunResults>('backups', backup, `${backup}-results.gz`)
          .warnings.namespaces?.[namespace],
      ).toEqual([
        ` resource: /pods name: /db message: /the hooks that pod db asks for by annotation are not run: namespace ${namespace} does not allow them; the platform team does with: kubectl label namespace ${namespace} lifeboat.dev/hooks=enabled`,
      ]);
      const restore = unique('hooks');
      const target = unique('copy');
      const restored = await stage.makeRestore(restore, {
        backupName: backup,
        namespaceMapping: { [namespace]: target },
      });
      expect(restored.status?.phase).toBe('Completed');
      expect(
        stage
          .readJson<RunResults>(
            'restores',
            restore,
            `restore-${restore}-results.gz`,
          )
          .warnings.namespaces?.[target]?.join(),
      ).toContain(
        `that pod db asks for by annotation were not run: namespace ${target} does not allow them`,
      );
    }, 60_000);

    it('previews objects whose definition the restore brings along', async () => {
      await createAll(stage.client, [widgetDefinition]);
      await eventually('widgets are served', async () =>
        (await stage.client.discover()).find('widgets.example.com'),
      );
      const { name: namespace } = await namespaceWith([
        {
          apiVersion: 'example.com/v1',
          kind: 'Widget',
          metadata: { name: 'round' },
          spec: { size: 1 },
        },
      ]);
      const backup = unique('types');
      await stage.prepareBackup(backup, {
        includedNamespaces: [namespace],
        includeClusterResources: true,
        includedResources: [
          'widgets.example.com',
          'customresourcedefinitions.apiextensions.k8s.io',
          'namespaces',
        ],
        ...objectsOnly,
      });
      await stage.client.delete(coreTypes.customResourceDefinitions, {
        name: 'widgets.example.com',
      });
      await eventually(
        'widgets are not served any more',
        async () =>
          !(await stage.client.discover()).find('widgets.example.com'),
        30_000,
      );
      const found = await stage.client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace: controlNamespace, name: 'default' },
      );
      const access = { client: stage.client, namespace: controlNamespace };
      const plan = await planRestore({
        ...access,
        store: await openBackupStore(found!, access),
        signer: await loadRecordSigner(access),
        backup: (await stage.getBackup(backup))!,
        spec: { backupName: backup, includeClusterResources: true },
        controlNamespace,
        clusterName: 'test',
        restoreTargets: [],
        createNamespaces: true,
        configConsent: [],
        signal: new AbortController().signal,
      });
      expect(plan.results.errors).toEqual({});
      expect(
        plan.items
          .filter(item => item.action === 'created')
          .map(item => `${item.kind} ${item.name}`),
      ).toEqual(
        expect.arrayContaining([
          'CustomResourceDefinition widgets.example.com',
          'Widget round',
        ]),
      );
      expect(
        (await stage.client.discover()).find('widgets.example.com'),
      ).toBeUndefined();
    }, 90_000);
  });
}
