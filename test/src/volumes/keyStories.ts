import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { coreTypes, type KubernetesObject } from '@lifeboat/engine';
import { root } from '../cluster/childProcess';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { passwordSecret, RepositoryStage } from './RepositoryStage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

const engine = path.join(root, 'packages/engine/assets/engine.cjs');
const run = promisify(execFile);

/** Runs `engine keys …` as an administrator. Rejects with what it wrote when it fails. */
export async function keys(
  kubeconfig: string,
  ...args: string[]
): Promise<string> {
  const { stdout } = await run(process.execPath, [
    engine,
    'keys',
    ...args,
    '--kubeconfig',
    kubeconfig,
  ]);
  return stdout;
}

interface EngineState {
  state: string;
  warnings?: { reason: string; message: string }[];
}

/** Export and import of the keys without which volume data is lost. */
export function keyStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`keys on ${name}`, () => {
    let repositories: RepositoryStage;
    let file: string;

    beforeAll(async () => {
      repositories = await RepositoryStage.start(start);
      file = path.join(repositories.stage.folder, 'keys.json');
    }, 150_000);

    afterAll(async () => {
      await repositories?.stop();
    }, 60_000);

    const kubeconfig = () => repositories.stage.cluster.kubeconfig;

    async function engineState(): Promise<EngineState> {
      const lease = await repositories.stage.client.get<KubernetesObject>(
        coreTypes.leases,
        { namespace: controlNamespace, name: 'lifeboat-engine' },
      );
      return JSON.parse(
        lease?.metadata.annotations?.['lifeboat.dev/engine-state'] ?? '{}',
      ) as EngineState;
    }

    it('has nothing to export and nothing to warn of before the first repository', async () => {
      await expect(
        keys(kubeconfig(), 'export', '--output', file),
      ).rejects.toThrow(/There are no keys in namespace openshift-adp yet/);
      expect((await engineState()).warnings).toBeUndefined();
    }, 30_000);

    it('warns from the first repository on, until its password is exported', async () => {
      await repositories.until(await repositories.demand('shop'), 'Ready');
      const warned = await eventually(
        'the engine warns',
        async () => {
          const state = await engineState();
          return state.warnings && state;
        },
        40_000,
      );
      expect(warned).toMatchObject({
        state: 'running',
        warnings: [
          {
            reason: 'KeysNotExported',
            message: expect.stringContaining(
              `No export is known of Secret ${passwordSecret} in namespace openshift-adp`,
            ),
          },
        ],
      });
      expect(repositories.stage.engine.log()).toContain('KeysNotExported');

      await keys(kubeconfig(), 'export', '--output', file);
      await eventually(
        'the engine does not warn any more',
        async () => !(await engineState()).warnings,
        40_000,
      );
    }, 120_000);

    it('exports into a file for its owner only, and never over another', async () => {
      expect(statSync(file).mode.toString(8)).toBe('100600');
      const exported = JSON.parse(readFileSync(file, 'utf8')) as {
        secrets: { name: string; data: Record<string, string> }[];
      };
      const own = exported.secrets.find(
        secret => secret.name === passwordSecret,
      );
      expect(
        Buffer.from(
          own?.data['repository-password'] ?? '',
          'base64',
        ).toString(),
      ).toBe(await repositories.password());
      await expect(
        keys(kubeconfig(), 'export', '--output', file),
      ).rejects.toThrow(/EEXIST/);
    }, 30_000);

    it('imports nothing over what is there, and says so', async () => {
      expect(await keys(kubeconfig(), 'import', file)).toContain(
        `${passwordSecret}: there already, with the same value`,
      );
      const other = path.join(repositories.stage.folder, 'other.json');
      writeFileSync(
        other,
        JSON.stringify({
          kind: 'LifeboatKeys',
          version: 1,
          exportedAt: '2026-01-01T00:00:00Z',
          namespace: controlNamespace,
          secrets: [
            {
              name: passwordSecret,
              data: { 'repository-password': 'b3RoZXI=' },
            },
          ],
        }),
      );
      const before = await repositories.password();
      const failure = await keys(kubeconfig(), 'import', other).catch(
        error => error as { code: number; stdout: string },
      );
      expect(failure).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('there already WITH ANOTHER VALUE'),
      });
      expect(await repositories.password()).toBe(before);

      expect(
        await keys(kubeconfig(), 'import', other, '--location', 'theirs'),
      ).toContain('velero-repo-credentials.location.theirs: created');
      rmSync(other);
    }, 30_000);

    it('tells what it does not understand', async () => {
      const damaged = path.join(repositories.stage.folder, 'damaged.json');
      writeFileSync(damaged, '{"kind": "Secret"}');
      await expect(keys(kubeconfig(), 'import', damaged)).rejects.toThrow(
        /The file is no export of keys/,
      );
      await expect(keys(kubeconfig(), 'export')).rejects.toThrow(/Usage/);
    }, 30_000);
  });
}
