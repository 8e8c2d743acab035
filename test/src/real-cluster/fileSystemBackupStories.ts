import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import type { PodVolumeBackup } from '@lifeboat/velero-api';
import type { RealClusterStage } from './RealClusterStage';
import {
  comparable,
  storeApplication,
  type StoreOptions,
  type StoreReport,
} from './storeApplication';

const storyTimeoutMs = 300_000;

/** What the platform team says by the label of the control namespace: undefined, `enabled` or `privileged`. */
async function consent(stage: RealClusterStage): Promise<string | undefined> {
  const namespace = await stage.client.get<KubernetesObject>(
    coreTypes.namespaces,
    { name: stage.control },
  );
  return namespace?.metadata.labels?.['lifeboat.dev/file-system-backup'];
}

/**
 * Backup and restore of mounted volumes through the kubelet's folder. Where the platform team has not agreed to it, the stories
 * see to it that nothing is done and the backup says why.
 */
export function fileSystemBackupStories(
  stageOf: () => RealClusterStage,
  {
    name = 'mounted',
    ...options
  }: Partial<StoreOptions> & { name?: string } = {},
): void {
  let source: string;
  let copy: string;
  let frozen: StoreReport;
  let allowed: string | undefined;

  it(
    'backs up mounted volumes where the platform team agrees, else says why not',
    async () => {
      const stage = stageOf();
      allowed = await consent(stage);
      source = await stage.createNamespace(name);
      await stage.install(
        storeApplication({
          image: stage.settings.moverImage,
          storageClass: stage.settings.storageClass,
          hooks: true,
          fileSystemBackup: true,
          ...options,
        }),
        source,
      );
      const { podFolder = '' } = await stage.found(source);
      if (allowed) {
        await stage.startEngine({
          fileSystemBackup: {
            enabled: true,
            privileged: allowed === 'privileged',
            hostPodsPath:
              stage.settings.hostPodsPath ?? path.dirname(podFolder),
          },
        });
      }
      const backup = await stage.makeBackup(name, {
        includedNamespaces: [source],
        snapshotVolumes: false,
      });
      if (!allowed) {
        expect(await stage.whyNot(backup)).toContain('file-system backup');
        stage.notes.push(
          'file-system backup: only its refusal was tried; deploy/engine/file-system-backup is not applied',
        );
        return;
      }
      expect(await stage.whyNot(backup)).toBeUndefined();
      const moved = (
        await stage.all<PodVolumeBackup>(
          veleroTypes.podVolumeBackups,
          stage.control,
        )
      ).filter(each => each.spec.pod.namespace === source);
      expect(
        moved.map(({ spec, status }) => [spec.volume, status?.phase]).sort(),
      ).toEqual([
        ['data', 'Completed'],
        ['index', 'Completed'],
      ]);
      const reports = await stage.reports(source);
      expect(
        reports.map(({ event }) => event).filter(event => event !== 'filled'),
      ).toEqual(['found', 'frozen', 'thawed']);
      frozen = reports.find(({ event }) => event === 'frozen') as StoreReport;
    },
    storyTimeoutMs,
  );

  it(
    'restores them into a pod of a new namespace that waits for them',
    async () => {
      if (!allowed) return;
      const stage = stageOf();
      copy = stage.newNamespace(`${name}-copy`);
      const restore = await stage.makeRestore(`${name}-copy`, {
        backupName: name,
        namespaceMapping: { [source]: copy },
      });
      expect(await stage.whyNot(restore)).toBeUndefined();
      const found = await stage.found(copy);
      expect(comparable(found)).toEqual(comparable(frozen));
    },
    storyTimeoutMs,
  );

  afterAll(async () => {
    if (allowed) await stageOf().startEngine();
  }, 60_000);
}
