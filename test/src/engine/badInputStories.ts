import {
  appendFileSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { coreTypes, type KubernetesObject } from '@lifeboat/engine';
import type { Backup, Restore } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace, EngineStage } from './EngineStage';

/** A gzipped tarball of these files. */
async function tarballOf(files: { [name: string]: string }): Promise<Buffer> {
  const tar = pack();
  const packed = buffer((tar as unknown as Readable).pipe(createGzip()));
  for (const [name, content] of Object.entries(files)) {
    tar.entry({ name }, content);
  }
  tar.finalize();
  return packed;
}

/** Nonsense, accidents and attacks: each ends in a status that says what is wrong. */
export function badInputStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`bad input on ${name}`, () => {
    let stage: EngineStage;
    let counter = 0;

    const unique = (prefix: string) => {
      counter += 1;
      return `${prefix}-${counter}`;
    };
    const backupOf = (spec: Backup['spec']) =>
      stage.makeBackup(unique('bad'), spec);
    const contents = (backup: string) =>
      stage.storage('backups', backup, `${backup}.tar.gz`);

    /** A good backup whose contents are then replaced. */
    async function spoiled(spoil: (file: string) => void): Promise<string> {
      const backup = unique('spoiled');
      const made = await stage.makeBackup(backup, {
        includedNamespaces: ['shop'],
        snapshotVolumes: false,
      });
      expect(made.status?.phase).toBe('Completed');
      spoil(contents(backup));
      return backup;
    }

    async function restoreOf(
      backupName: string,
      spec: Partial<Restore['spec']> = {},
    ): Promise<Restore> {
      return stage.makeRestore(unique('bad'), {
        backupName,
        namespaceMapping: { shop: unique('target') },
        ...spec,
      });
    }

    /** Makes the backup look like one that Velero wrote: without our record, its contents are taken as they are. */
    function forget(backup: string): void {
      renameSync(
        stage.storage('backups', backup, `${backup}-lifeboat-record.json.gz`),
        stage.storage(`${backup}-record`),
      );
    }

    beforeAll(async () => {
      stage = await EngineStage.start(start);
      await stage.createNamespace('shop');
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'shop', name: 'settings' },
        data: { colour: 'blue' },
      });
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('ignores or keeps unknown fields, and carries the backup out', async () => {
      const backup = await backupOf({
        includedNamespaces: ['shop'],
        snapshotVolumes: false,
        somethingNew: { deep: true },
      } as Backup['spec']);
      expect(backup.status?.phase).toBe('Completed');
    }, 30_000);

    it.each<[string, Backup['spec'], string]>([
      [
        'a namespace in both lists',
        { includedNamespaces: ['shop'], excludedNamespaces: ['shop'] },
        'Invalid included/excluded namespace lists',
      ],
      [
        'a name that is no namespace',
        { includedNamespaces: ['Not A Name'] },
        'Invalid included/excluded namespace lists',
      ],
      [
        'old and scoped filters together',
        {
          includedResources: ['pods'],
          includedNamespaceScopedResources: ['pods'],
        },
        'cannot be used together',
      ],
      [
        'two kinds of selectors',
        {
          labelSelector: { matchLabels: { a: 'b' } },
          orLabelSelectors: [{ matchLabels: { a: 'b' } }],
        },
        'only one can be specified',
      ],
      [
        'a selector with an unknown operator',
        {
          labelSelector: {
            matchExpressions: [
              { key: 'a', operator: 'Near' as 'In', values: ['b'] },
            ],
          },
        },
        'operator',
      ],
      ['a lifetime that is none', { ttl: 'for ever' }, 'spec.ttl'],
      [
        'a location that does not exist',
        { storageLocation: 'nowhere' },
        'the location nowhere was not found',
      ],
      [
        'a resource policy',
        { resourcePolicy: { kind: 'configmap', name: 'policy' } },
        'spec.resourcePolicy',
      ],
    ])('refuses a backup with %s', async (_what, spec, message) => {
      const backup = await backupOf(spec);
      expect(backup.status?.phase).toBe('FailedValidation');
      expect(backup.status?.validationErrors?.join('\n')).toContain(message);
    });

    it('refuses a location with wrong credentials or a missing bucket, and backups to it', async () => {
      await stage.createLocation('s3', '', {
        provider: 'aws',
        config: { region: 'x', s3Url: 'http://127.0.0.1:9' },
        credential: { name: 'missing', key: 'cloud' },
      });
      const backup = await backupOf({
        includedNamespaces: ['shop'],
        storageLocation: 's3',
      });
      expect(backup.status?.phase).toBe('FailedValidation');
      expect(backup.status?.validationErrors?.join('\n')).toContain(
        'Unavailable status',
      );
    }, 30_000);

    it.each<[string, Partial<Restore['spec']>, string]>([
      ['no backup', { backupName: undefined }, 'Either a backup or schedule'],
      [
        'a backup that does not exist',
        { backupName: 'nothing' },
        'backups.velero.io "nothing" not found',
      ],
      [
        'a schedule without backups',
        { backupName: undefined, scheduleName: 'never' },
        'No backups found for schedule',
      ],
      [
        'nodes',
        { includedResources: ['nodes'] },
        'nodes are non-restorable resources',
      ],
    ])('refuses a restore of %s', async (_what, spec, message) => {
      const restore = await restoreOf('nothing', spec);
      expect(restore.status?.phase).toBe('FailedValidation');
      expect(restore.status?.validationErrors?.join('\n')).toContain(message);
    });

    it('refuses a modifier that does not exist', async () => {
      const backup = await spoiled(() => {});
      const restore = await restoreOf(backup, {
        resourceModifier: { kind: 'configmap', name: 'nothing' },
      });
      expect(restore.status?.phase).toBe('FailedValidation');
      expect(restore.status?.validationErrors?.join('\n')).toContain(
        'failed to get resource modifiers configmap',
      );
    }, 30_000);

    it('refuses a modifier with an unknown field', async () => {
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: controlNamespace, name: 'typo' },
        data: { rules: 'version: v1\nresourceModifierRule: []\n' },
      });
      const backup = await spoiled(() => {});
      const restore = await restoreOf(backup, {
        resourceModifier: { kind: 'configmap', name: 'typo' },
      });
      expect(restore.status?.phase).toBe('FailedValidation');
      expect(restore.status?.validationErrors?.join('\n')).toContain(
        'resourceModifierRule',
      );
    }, 30_000);

    it('fails a restore of a truncated tarball', async () => {
      const backup = await spoiled(file => {
        truncateSync(file, Math.floor(readFileSync(file).length / 2));
      });
      const restore = await restoreOf(backup);
      expect(restore.status?.phase).toBe('Failed');
      expect(restore.status?.failureReason).toContain('truncated');
    }, 30_000);

    it('fails a restore of contents that are not those of the record', async () => {
      const other = await tarballOf({
        'metadata/version': '1.1.0\n',
        'resources/configmaps/namespaces/shop/planted.json': JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { namespace: 'shop', name: 'planted' },
        }),
      });
      const backup = await spoiled(file => writeFileSync(file, other));
      const restore = await restoreOf(backup);
      expect(restore.status?.phase).toBe('Failed');
      expect(restore.status?.failureReason).toContain('digest differs');
    }, 30_000);

    it.each([
      ['../../../etc/cron.d/evil.json'],
      ['/etc/cron.d/evil.json'],
      ['resources/configmaps/namespaces/../../../evil/x.json'],
    ])(
      'refuses a tarball with the path %s',
      async path => {
        const tarball = await tarballOf({
          'metadata/version': '1.1.0\n',
          [path]: '{}',
        });
        const backup = await spoiled(file => writeFileSync(file, tarball));
        forget(backup);
        const restore = await restoreOf(backup);
        expect(restore.status?.phase).toBe('Failed');
        expect(restore.status?.failureReason).toContain('leads out of it');
      },
      30_000,
    );

    it('refuses a decompression bomb', async () => {
      const zeros = gzipSync(Buffer.alloc(256 * 1024 * 1024));
      const backup = await spoiled(file => writeFileSync(file, zeros));
      forget(backup);
      const restore = await restoreOf(backup);
      expect(restore.status?.phase).toBe('Failed');
      expect(restore.status?.failureReason).toMatch(/bomb|corrupt/);
    }, 60_000);

    it('refuses an object of many megabytes', async () => {
      const tarball = await tarballOf({
        'resources/configmaps/namespaces/shop/big.json': 'x'.repeat(
          17 * 1024 * 1024,
        ),
      });
      const backup = await spoiled(file => writeFileSync(file, tarball));
      forget(backup);
      const restore = await restoreOf(backup);
      expect(restore.status?.phase).toBe('Failed');
      expect(restore.status?.failureReason).toContain('bytes, more than');
    }, 60_000);

    it('names objects that are not JSON, and restores the others', async () => {
      const tarball = await tarballOf({
        'metadata/version': '1.1.0\n',
        'resources/configmaps/namespaces/shop/broken.json': '{"nearly": ',
        'resources/configmaps/namespaces/shop/list.json': '[]',
        'resources/configmaps/namespaces/shop/good.json': JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { namespace: 'shop', name: 'good' },
        }),
      });
      const backup = await spoiled(file => writeFileSync(file, tarball));
      forget(backup);
      const target = unique('target');
      const restore = await restoreOf(backup, {
        namespaceMapping: { shop: target },
      });
      expect(restore.status).toMatchObject({
        phase: 'PartiallyFailed',
        errors: 2,
      });
      expect(
        await stage.client.get(coreTypes.configMaps, {
          namespace: target,
          name: 'good',
        }),
      ).toBeDefined();
    }, 30_000);

    it('fails a restore when the contents or the whole storage has gone', async () => {
      const backup = await spoiled(file => {
        appendFileSync(file, '');
        renameSync(file, `${file}.gone`);
      });
      const gone = await restoreOf(backup);
      expect(gone.status?.phase).toBe('Failed');
      expect(gone.status?.failureReason).toContain('not in storage');

      renameSync(stage.storage(), `${stage.storage()}-gone`);
      try {
        const vanished = await restoreOf(backup);
        expect(vanished.status?.phase).toBe('FailedValidation');
        expect(vanished.status?.validationErrors?.join('\n')).toMatch(
          /does not exist|unavailable/,
        );
        const unwritable = await backupOf({ includedNamespaces: ['shop'] });
        expect(unwritable.status?.phase).toMatch(/^Failed/);
        expect(
          `${unwritable.status?.failureReason}${unwritable.status?.validationErrors}`,
        ).toMatch(/does not exist|Unavailable/);
      } finally {
        renameSync(`${stage.storage()}-gone`, stage.storage());
      }
      await eventually('backups work again', async () => {
        const backup2 = await backupOf({
          includedNamespaces: ['shop'],
          snapshotVolumes: false,
        });
        return backup2.status?.phase === 'Completed';
      });
    }, 90_000);
  });
}
