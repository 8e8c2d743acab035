import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import type {
  Backup,
  BackupRepository,
  DeleteBackupRequest,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { leftovers } from './leftovers';
import type { RealClusterStage } from './RealClusterStage';
import { verifyWithKopia } from './verifyWithKopia';

const passwordSecret = 'velero-repo-credentials';

/** What must be true of all backups together, once the other stories are over. */
export function endStories(stageOf: () => RealClusterStage): void {
  const repositories = async () => {
    const stage = stageOf();
    return (
      await stage.all<BackupRepository>(
        veleroTypes.backupRepositories,
        stage.control,
      )
    ).filter(({ spec }) => spec.backupStorageLocation === stage.id);
  };

  it('has written repositories that kopia reads to the last byte', async () => {
    const stage = stageOf();
    const kopia = process.env.KOPIA;
    if (!kopia) {
      stage.notes.push(
        'repositories: not verified, KOPIA names no kopia program',
      );
      return;
    }
    const secret = await stage.client.get<
      KubernetesObject & { data?: { [key: string]: string } }
    >(coreTypes.secrets, { namespace: stage.control, name: passwordSecret });
    const password = Buffer.from(
      secret?.data?.['repository-password'] ?? '',
      'base64',
    ).toString('utf8');
    const found = await repositories();
    expect(found.length).toBeGreaterThan(0);
    for (const { spec } of found) {
      const said = await verifyWithKopia(
        kopia,
        stage.settings.storage,
        `${stage.prefix}/kopia/${spec.volumeNamespace}/`,
        password,
      );
      expect(said).toContain('Finished');
      stage.notes.push(`kopia, ${spec.volumeNamespace}: ${said}`);
    }
  }, 300_000);

  it('deletes its backups with all that belongs to them', async () => {
    const stage = stageOf();
    const own = async () =>
      (await stage.all<Backup>(veleroTypes.backups, stage.control)).filter(
        ({ spec }) => spec.storageLocation === stage.id,
      );
    for (const { metadata } of await own()) {
      await stage.client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace: stage.control, name: metadata.name },
          spec: { backupName: metadata.name ?? '' },
        },
      );
    }
    await eventually(
      'all backups are deleted',
      async () => (await own()).length === 0,
      180_000,
    );
    const moved = await stage.all(veleroTypes.dataUploads, stage.control);
    expect(
      moved.filter(({ metadata }) => metadata.name?.startsWith(stage.id)),
    ).toEqual([]);
    expect(await leftovers(stage, stage.presentBefore)).toEqual([]);
  }, 300_000);
}
