import { randomBytes } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { DataPathStage } from './DataPathStage';
import { keys } from './keyStories';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/** Nothing that compression could make small. */
const large = randomBytes(3_000_000);

/** Bytes of all files below a folder. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(file => statSync(path.join(folder, file)))
    .filter(found => found.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}

/** A cluster is lost. What is left: the bucket, and the file with the exported keys. */
export function recoveryStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`restore on an empty cluster, ${name}`, () => {
    let folder: string;
    let stage: DataPathStage | undefined;

    const bucket = () => path.join(folder, 'bucket');
    const keyFile = () => path.join(folder, 'keys.json');

    beforeAll(async () => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-recovery-'));
      const lost = await DataPathStage.start(start);
      try {
        await lost.stage.createNamespace('shop');
        const volume = await lost.makeVolume('shop', 'data');
        mkdirSync(path.join(volume, 'orders'));
        writeFileSync(path.join(volume, 'orders', '1'), 'two boats');
        writeFileSync(path.join(volume, 'large'), large);
        await lost.stage.prepareBackup('last', {
          includedNamespaces: ['shop'],
          snapshotMoveData: true,
        });
        await keys(
          lost.stage.cluster.kubeconfig,
          'export',
          '--output',
          keyFile(),
        );
        cpSync(lost.stage.storage(), bucket(), { recursive: true });
      } finally {
        await lost.stop();
      }
      stage = await DataPathStage.start(start);
      await stage.stage.createLocation('bucket', bucket());
    }, 240_000);

    afterAll(async () => {
      await stage?.stop();
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    function running(): DataPathStage {
      if (!stage) throw new Error('The cluster did not start');
      return stage;
    }

    it('finds the backup and its repository, and says that the password is missing', async () => {
      const { repositories, stage: engine } = running();
      await eventually('the backup is brought in', async () =>
        engine.getBackup('last'),
      );
      await repositories.until(
        'shop-bucket-kopia',
        'NotReady',
        /^The password of repository shop-bucket-kopia \(namespace shop in storage location bucket\) is not known: there is no Secret velero-repo-credentials in namespace openshift-adp. Import the exported keys \(engine keys import\)/,
      );
    }, 60_000);

    it('starts no restore before the password is known, and names the repository', async () => {
      const { stage: engine, client } = running();
      const restore = await engine.makeRestore('too-early', {
        backupName: 'last',
      });
      expect(restore.status).toMatchObject({
        phase: 'FailedValidation',
        validationErrors: [
          expect.stringContaining(
            'repository shop-bucket-kopia (namespace shop in storage location bucket)',
          ),
        ],
      });
      expect(
        await client.get(coreTypes.namespaces, { name: 'shop' }),
      ).toBeUndefined();
    }, 60_000);

    it('makes no new password meanwhile, which would stand in the way', async () => {
      const { repositories, stage: engine } = running();
      await engine.createNamespace('new');
      const asked = await repositories.demand('new', { location: 'bucket' });
      await repositories.until(
        asked,
        'NotReady',
        /is not made: the location holds repositories already \(of shop\)/,
      );
      expect(
        await repositories.getSecret('velero-repo-credentials'),
      ).toBeUndefined();
      expect(
        await repositories.getSecret('lifeboat-signing-key'),
      ).toBeUndefined();
    }, 60_000);

    it('restores all data once the keys are imported', async () => {
      const current = running();
      expect(
        await keys(current.stage.cluster.kubeconfig, 'import', keyFile()),
      ).toMatch(
        /velero-repo-credentials: created\n[^]*lifeboat-signing-key: created/,
      );
      await current.repositories.until('shop-bucket-kopia', 'Ready');
      const restore = await current.stage.makeRestore('recovered', {
        backupName: 'last',
      });
      expect(restore.status).toMatchObject({ phase: 'Completed' });
      await current.untilRunning('shop', 'uses-data');
      const volume = await current.folderOf('shop', 'uses-data', 'data');
      expect(readFileSync(path.join(volume, 'orders', '1'), 'utf8')).toBe(
        'two boats',
      );
      expect(readFileSync(path.join(volume, 'large'))).toEqual(large);
    }, 120_000);

    it('goes on with the same repository: what it holds is not stored again', async () => {
      const { stage: engine } = running();
      const before = sizeOf(path.join(bucket(), 'kopia'));
      await engine.prepareBackup('next', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
        storageLocation: 'bucket',
      });
      const growth = sizeOf(path.join(bucket(), 'kopia')) - before;
      expect(growth).toBeGreaterThan(0);
      expect(growth).toBeLessThan(large.length / 10);
    }, 60_000);
  });
}
