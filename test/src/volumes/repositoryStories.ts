import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { veleroTypes, type KubernetesObject } from '@lifeboat/engine';
import { maintenanceParameters, veleroRepositoryState } from '@lifeboat/kopia';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { moverImage, passwordSecret, RepositoryStage } from './RepositoryStage';
import { setFaults } from './setFaults';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/** Repositories of volume data: made, connected, refused, maintained. */
export function repositoryStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`repositories on ${name}`, () => {
    let repositories: RepositoryStage;

    beforeAll(async () => {
      repositories = await RepositoryStage.start(start);
    }, 150_000);

    afterAll(async () => {
      await repositories?.stop();
    }, 60_000);

    it('makes a repository on demand, with a random password that is made once', async () => {
      expect(await repositories.getSecret(passwordSecret)).toBeUndefined();
      const asked = await repositories.demand('shop');
      const ready = await repositories.until(asked, 'Ready');
      expect(ready.status?.message ?? '').toBe('');
      expect(Date.parse(ready.status?.lastMaintenanceTime ?? '')).not.toBeNaN();

      const secret = await repositories.getSecret(passwordSecret);
      expect(secret?.immutable).toBe(true);
      const password = await repositories.password();
      expect(password.length).toBeGreaterThanOrEqual(43);
      await repositories.use('shop', password, async repository => {
        expect(await veleroRepositoryState(repository)).toBe('ready');
        expect(repository.format.version).toBe(3);
        expect(repository.format.hash).toBe('BLAKE2B-256-128');
      });

      const second = await repositories.demand('other');
      await repositories.until(second, 'Ready');
      expect(await repositories.password()).toBe(password);
    }, 60_000);

    it('connects to a repository of another installation once its password is known, and makes none beside it', async () => {
      const folder = repositories.newFolder('foreign');
      await repositories.use('theirs', 'their password', () => undefined, {
        folder,
      });

      await repositories.stage.createLocation('foreign', folder);

      // Nobody asked for it: it was found in the storage.
      const found = await repositories.until(
        'theirs-foreign-kopia',
        'NotReady',
        /^The password of repository theirs-foreign-kopia \(namespace theirs in storage location foreign\) is not known: Secret velero-repo-credentials does not open it/,
      );
      expect(found.metadata.labels).toMatchObject({
        'velero.io/volume-namespace': 'theirs',
        'velero.io/storage-location': 'foreign',
        'velero.io/repository-type': 'kopia',
      });
      await repositories.createPassword(
        'velero-repo-credentials.location.foreign',
        'their password',
      );
      const ready = await repositories.until('theirs-foreign-kopia', 'Ready');
      expect(ready.metadata.annotations?.['lifeboat.dev/password-secret']).toBe(
        'velero-repo-credentials.location.foreign',
      );
    }, 60_000);

    it('looks again when the location is changed, and says what it finds there', async () => {
      const { stage } = repositories;
      const here = repositories.newFolder('place-1');
      const there = repositories.newFolder('place-2');
      await stage.createLocation('moving', here);
      const asked = await repositories.demand('shop', { location: 'moving' });
      const before = await repositories.until(asked, 'Ready');

      mkdirSync(path.join(there, 'kopia', 'shop'), { recursive: true });
      writeFileSync(path.join(there, 'kopia', 'shop', 'photo.f'), 'of a cat');
      await stage.client.patch<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace: controlNamespace, name: 'moving' },
        { contentType: 'merge', body: { spec: { config: { path: there } } } },
      );
      await repositories.until(
        asked,
        'NotReady',
        /holds other data, but no repository/,
      );

      await stage.client.patch<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace: controlNamespace, name: 'moving' },
        { contentType: 'merge', body: { spec: { config: { path: here } } } },
      );
      const after = await repositories.until(asked, 'Ready');
      expect(after.status?.lastMaintenanceTime).toBe(
        before.status?.lastMaintenanceTime,
      );
    }, 60_000);

    it('makes no repository in a location that may only be read, and none whose storage is away', async () => {
      const { stage } = repositories;
      const archive = repositories.newFolder('archive');
      await stage.createLocation('archive', archive, {
        accessMode: 'ReadOnly',
      });
      const asked = await repositories.demand('shop', { location: 'archive' });
      await repositories.until(
        asked,
        'NotReady',
        /does not exist, and the location is read-only$/,
      );
      expect(readdirSync(archive)).toEqual([]);

      const lost = await repositories.demand('shop', { location: 'nowhere' });
      await repositories.until(
        lost,
        'NotReady',
        /^Storage location nowhere does not exist$/,
      );
    }, 60_000);

    it('maintains a repository by Jobs, one after the other, and remembers them', async () => {
      const { stage } = repositories;
      const asked = await repositories.demand('busy', { frequency: '1s' });
      const maintained = await eventually(
        'maintenance ran twice',
        async () => {
          const found = await repositories.get(asked);
          return (found?.status?.recentMaintenance?.length ?? 0) >= 2 && found;
        },
        60_000,
      );
      const [first, second] = maintained.status?.recentMaintenance ?? [];
      expect(first).toMatchObject({ result: 'Succeeded' });
      expect(second).toMatchObject({ result: 'Succeeded' });
      expect(Date.parse(second.startTimestamp ?? '')).toBeGreaterThanOrEqual(
        Date.parse(first.completeTimestamp ?? ''),
      );
      await stage.client.patch(
        veleroTypes.backupRepositories,
        { namespace: controlNamespace, name: asked },
        {
          contentType: 'merge',
          body: { spec: { maintenanceFrequency: '24h0m0s' } },
        },
      );
      const jobs = await eventually(
        'at most three jobs are left, all ended',
        async () => {
          const found = await repositories.jobs(asked);
          const status = (job: KubernetesObject) =>
            job.status as { succeeded?: number };
          return (
            found.length <= 3 &&
            found.every(job => status(job)?.succeeded === 1) &&
            found
          );
        },
      );
      for (const job of jobs) {
        expect(job.metadata.name).toMatch(
          /^busy-default-kopia-maintain-job-\d{13}$/,
        );
      }
    }, 120_000);

    it('maintains nothing in a location that another cluster owns, or that may only be read', async () => {
      const { stage } = repositories;
      const theirs = repositories.newFolder('owned');
      mkdirSync(path.join(theirs, 'metadata', 'lifeboat'), { recursive: true });
      const record = path.join(theirs, 'metadata/lifeboat/expiry-owner.json');
      writeFileSync(
        record,
        JSON.stringify({ clusterId: 'of-another', clusterName: 'another' }),
      );
      await stage.createLocation('owned', theirs);
      const owned = await repositories.demand('shop', {
        location: 'owned',
        frequency: '1s',
      });
      await repositories.until(owned, 'Ready');
      const old = repositories.newFolder('old');
      await repositories.save(
        'shop',
        repositories.newFolder('source'),
        {
          requester: 'snapshot-pod-volume',
          realSource: 'shop/web/data',
        },
        { folder: old },
      );
      await stage.createLocation('old', old, { accessMode: 'ReadOnly' });
      const readOnly = await repositories.demand('shop', {
        location: 'old',
        frequency: '1s',
      });
      await repositories.until(readOnly, 'Ready');
      await delay(4_000);
      expect(await repositories.jobs(owned)).toEqual([]);
      expect(await repositories.jobs(readOnly)).toEqual([]);

      // An administrator hands the location over.
      rmSync(record);
      await stage.client.patch(
        veleroTypes.backupRepositories,
        { namespace: controlNamespace, name: owned },
        {
          contentType: 'merge',
          body: { spec: { maintenanceFrequency: '2s' } },
        },
      );
      await eventually(
        'it is maintained here now',
        async () => (await repositories.jobs(owned)).length > 0,
        30_000,
      );
    }, 90_000);

    it('does not wait for hours for maintenance that cannot begin, and says why', async () => {
      const { stage } = repositories;
      await setFaults(stage.client, { 'image-missing': `${moverImage}*` });
      await stage.restartEngine(
        {},
        { dataMover: { image: moverImage, prepareTimeoutSeconds: 3 } },
      );
      const asked = await repositories.demand('stuck', { frequency: '1s' });
      await repositories.until(asked, 'Ready');
      const entry = await eventually(
        'the failure is in the history',
        async () => {
          const found = await repositories.get(asked);
          return found?.status?.recentMaintenance?.[0];
        },
        30_000,
      );
      expect(entry).toMatchObject({
        result: 'Failed',
        message: expect.stringMatching(
          /did not begin within 3 s: ImagePullBackOff/,
        ),
      });
      await eventually('its Job is gone', async () =>
        (
          await repositories.jobs(asked)
        ).every(
          ({ metadata }) => metadata.creationTimestamp !== entry.startTimestamp,
        ),
      );
      await setFaults(stage.client, { 'image-missing': null });
      await stage.restartEngine({}, { dataMover: { image: moverImage } });
    }, 90_000);

    it('takes up where it was when the engine is killed during maintenance', async () => {
      const { stage } = repositories;
      const asked = await repositories.demand('restarted', { frequency: '1s' });
      await repositories.until(asked, 'Ready');
      await eventually(
        'maintenance begins',
        async () => (await repositories.jobs(asked)).length > 0,
        30_000,
      );
      stage.engine.signal('SIGKILL');
      await eventually('the engine is gone', () => !stage.isEngineAlive());
      const [job] = await eventually('the Job ends without it', async () => {
        const jobs = await repositories.jobs(asked);
        const status = jobs[0]?.status as { succeeded?: number } | undefined;
        return status?.succeeded === 1 && jobs;
      });
      await stage.restartEngine();
      await eventually(
        'the run is in the history',
        async () => {
          const found = await repositories.get(asked);
          const [first] = found?.status?.recentMaintenance ?? [];
          return (
            first?.result === 'Succeeded' &&
            first.startTimestamp === job.metadata.creationTimestamp
          );
        },
        30_000,
      );
    }, 120_000);
  });

  describe(`repositories with passwords of their own on ${name}`, () => {
    let repositories: RepositoryStage;

    beforeAll(async () => {
      repositories = await RepositoryStage.start(start, {
        repositories: {
          password: 'repository',
          maintenance: { fullIntervalHours: 12, keepJobs: 1 },
        },
      });
    }, 150_000);

    afterAll(async () => {
      await repositories?.stop();
    }, 60_000);

    it('makes each with its own password, and maintains it with that', async () => {
      const names = ['shop', 'other'];
      const passwords: string[] = [];
      for (const volumeNamespace of names) {
        const asked = await repositories.demand(volumeNamespace, {
          frequency: '1s',
        });
        const secret = `velero-repo-credentials-${asked}`;
        const ready = await repositories.until(asked, 'Ready');
        expect(
          ready.metadata.annotations?.['lifeboat.dev/password-secret'],
        ).toBe(secret);
        const password = await repositories.password(secret);
        passwords.push(password);
        await repositories.use(volumeNamespace, password, repository => {
          expect(maintenanceParameters(repository)).toMatchObject({
            owner: 'default@default',
            full: { enabled: true, interval: 12 * 3600 * 1e9 },
          });
        });
        await eventually(
          'maintenance succeeded',
          async () => {
            const found = await repositories.get(asked);
            return found?.status?.recentMaintenance?.some(
              ({ result }) => result === 'Succeeded',
            );
          },
          60_000,
        );
      }
      expect(new Set(passwords).size).toBe(2);
      expect(await repositories.getSecret(passwordSecret)).toBeUndefined();
    }, 150_000);

    it('keeps one finished Job, as it was told', async () => {
      await eventually(
        'older Jobs are removed',
        async () => {
          const found = await repositories.get('shop-default-kopia');
          const jobs = await repositories.jobs('shop-default-kopia');
          return (
            (found?.status?.recentMaintenance?.length ?? 0) >= 3 &&
            jobs.length <= 2
          );
        },
        60_000,
      );
    }, 90_000);

    it('goes on using the password of the installation where a repository was made with it', async () => {
      await repositories.createPassword(passwordSecret, 'of the installation');
      const folder = repositories.newFolder('older');
      await repositories.use('shop', 'of the installation', () => undefined, {
        folder,
      });
      await repositories.stage.createLocation('older', folder);
      const ready = await repositories.until('shop-older-kopia', 'Ready');
      expect(ready.metadata.annotations?.['lifeboat.dev/password-secret']).toBe(
        passwordSecret,
      );
    }, 60_000);
  });
}
