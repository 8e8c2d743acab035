import type { Backup } from '@lifeboat/velero-api';
import type { ClusterClient } from '../cluster/ClusterClient';
import { BackupRuns } from './backup/BackupRuns';
import { BackupController } from './BackupController';
import type { ControllerContext } from './Controller';

const backup: Backup = {
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: { namespace: 'openshift-adp', name: 'nightly', uid: 'u-1' },
  spec: { storageLocation: 'default' },
  status: { phase: 'InProgress' },
};

it('does not take a backup for interrupted whose run ended while it was read', async () => {
  const runs = new BackupRuns();
  let endRun = () => {};
  let answer = (_: Backup) => {};
  const calls: string[] = [];
  const context = {
    namespace: 'openshift-adp',
    signal: new AbortController().signal,
    config: { concurrency: { backups: 1 } },
    logger: { warn() {}, error() {}, info() {} },
    cacheOf: () => ({ list: () => [] }),
    client: new Proxy({} as ClusterClient, {
      get: (_target, verb: string) => () => {
        calls.push(verb);
        if (verb === 'get') {
          return new Promise<Backup>(resolve => (answer = resolve));
        }
        if (verb === 'list') {
          return (async function* nothing() {})();
        }
        throw new Error(`${verb} is not expected`);
      },
    }),
  } as unknown as ControllerContext;
  runs.track(backup, context, () => new Promise(resolve => (endRun = resolve)));
  const reconciled = new BackupController(runs).reconcile(
    { namespace: 'openshift-adp', name: 'nightly' },
    context,
  );
  endRun();
  await runs.ended();
  answer(backup);
  expect(await reconciled).toEqual({ requeueAfterMs: expect.any(Number) });
  expect(calls).not.toContain('patch');
  expect(calls).not.toContain('replace');
  expect(calls.filter(verb => verb === 'get')).toHaveLength(1);
});
