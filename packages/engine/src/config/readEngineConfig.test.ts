import packageJson from '../../package.json';
import { readEngineConfig } from './readEngineConfig';

const cluster = { name: 'demo', kubeconfig: '/kubeconfig' };

describe('readEngineConfig', () => {
  it('fills in defaults', () => {
    expect(readEngineConfig({ clusters: [cluster] })).toEqual({
      namespace: 'openshift-adp',
      clusters: [cluster],
      sync: { phases: ['Completed'], periodSeconds: 60 },
      validationSeconds: 60,
      lease: { durationSeconds: 15, renewSeconds: 5 },
      concurrency: { backups: 1, restores: 1, requests: 30 },
      consent: [],
      restore: { allowedClusterRoles: ['view', 'edit'], order: 'oadp' },
      restoreTargets: ['{{namespace}}-*'],
      createNamespaces: true,
      dataMover: {
        image: `ghcr.io/lifeboat-dev/data-mover:${packageJson.version}`,
        serviceAccount: 'lifeboat-mover',
        prepareTimeoutSeconds: 1800,
        loadConcurrency: { globalConfig: 2, overall: 8 },
      },
      fileSystemBackup: {
        enabled: false,
        hostPodsPath: '/var/lib/kubelet/pods',
      },
      repositories: {
        password: 'installation',
        maintenance: {
          frequencySeconds: 3600,
          fullIntervalHours: 24,
          keepJobs: 3,
        },
      },
      hooks: { enabled: true, maxOutputBytes: 65536 },
      volumes: { undoSeconds: 259200, csiSnapshotTimeoutSeconds: 600 },
      defaultTtl: '720h0m0s',
      garbageCollectionSeconds: 3600,
      defaultLocation: 'default',
      scheduleSkipImmediately: false,
      logLevel: 'info',
    });
  });

  it('does not change what it is given', () => {
    const given = { clusters: [cluster] };
    readEngineConfig(given);
    expect(given).toEqual({ clusters: [cluster] });
  });

  it.each([
    [undefined, 'the configuration: must be of type object'],
    [{}, '"clusters" is missing'],
    [{ clusters: [] }, 'clusters: must NOT have fewer than 1 items'],
    [
      { clusters: [cluster], namspace: 'x' },
      'there is no setting "namspace"; known are namespace, clusters',
    ],
    [
      { clusters: [{ name: 'a' }] },
      'needs exactly one of kubeconfig, url and inCluster',
    ],
    [
      { clusters: [{ ...cluster, url: 'https://x' }] },
      'has kubeconfig and url',
    ],
    [{ clusters: [cluster, cluster] }, 'there are two named "demo"'],
    [
      { clusters: [cluster], lease: { durationSeconds: 5, renewSeconds: 5 } },
      'at most half of lease.durationSeconds (5)',
    ],
    [
      { clusters: [cluster], sync: { phases: ['Done'] } },
      'sync.phases[0]: is "Done"; allowed are "Completed"',
    ],
    [{ clusters: [cluster], defaultTtl: '30 days' }, 'defaultTtl'],
    [
      { clusters: [cluster], consent: [{ namespace: 'shop' }] },
      'consent[0]: "entities" is missing',
    ],
    [
      { clusters: [cluster], dataMover: { podResources: { cpuLimit: 'two' } } },
      'dataMover.podResources.cpuLimit: must match pattern',
    ],
    [
      { clusters: [cluster], fileSystemBackup: { hostPodsPath: 'pods' } },
      'fileSystemBackup.hostPodsPath: must match pattern',
    ],
    [
      { clusters: [cluster], dataMover: { runAsNonRoot: { user: 0 } } },
      'dataMover.runAsNonRoot.user: must be >= 1',
    ],
    [
      { clusters: [cluster], repositories: { password: 'none' } },
      'repositories.password: is "none"; allowed are "installation", "repository"',
    ],
  ])('refuses %j', (value, message) => {
    expect(() => readEngineConfig(value)).toThrow(message);
  });

  it('names every problem', () => {
    expect(() =>
      readEngineConfig({
        clusters: [cluster],
        logLevel: 'loud',
        validationSeconds: 0,
      }),
    ).toThrow('has 2 problems');
  });

  it('refuses ClusterRoles that would hand over a namespace, and patterns', () => {
    const reading = (...allowedClusterRoles: string[]) =>
      readEngineConfig({
        clusters: [cluster],
        restore: { allowedClusterRoles },
      });
    expect(
      reading('view', 'team:deployer').restore.allowedClusterRoles,
    ).toEqual(['view', 'team:deployer']);
    expect(() => reading('view', 'cluster-admin')).toThrow(
      'restore.allowedClusterRoles[1]: "cluster-admin" gives everything',
    );
    expect(() => reading('lifeboat-tenant')).toThrow('gives everything');
    for (const name of ['*', 'a/b', ' view', '..']) {
      expect(() => reading(name)).toThrow(
        'cannot be the name of a ClusterRole',
      );
    }
    expect(() =>
      readEngineConfig({ clusters: [cluster], restore: { order: 'mine' } }),
    ).toThrow('restore.order: is "mine"; allowed are "oadp", "velero"');
  });
});
