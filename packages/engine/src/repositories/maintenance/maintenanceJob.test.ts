import { readEngineConfig } from '../../config/readEngineConfig';
import { maintenanceJob, maintenanceJobName } from './maintenanceJob';

const startedAt = 1_795_437_479_011;

describe('a maintenance Job', () => {
  it('has a name that fits, as Velero gives it', () => {
    expect(maintenanceJobName('shop-default-kopia', startedAt)).toBe(
      'shop-default-kopia-maintain-job-1795437479011',
    );
    expect(maintenanceJobName('s'.repeat(50), startedAt)).toBe(
      'repo-maintain-job-1795437479011',
    );
  });

  it('sees the keys of Secrets that it needs, and may do nothing else', () => {
    const job = maintenanceJob({
      repository: {
        apiVersion: 'velero.io/v1',
        kind: 'BackupRepository',
        metadata: {
          name: 'shop-default-kopia',
          uid: 'u',
          annotations: {
            'lifeboat.dev/password-secret': 'velero-repo-credentials-shop-x',
          },
        },
        spec: {
          volumeNamespace: 'shop',
          backupStorageLocation: 'default',
          maintenanceFrequency: '1h0m0s',
        },
      },
      location: {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { name: 'default' },
        spec: {
          provider: 'velero.io/aws',
          objectStorage: {
            bucket: 'b',
            caCertRef: { name: 'storage-ca', key: 'ca.pem' },
          },
          credential: { name: 'mine', key: 'aws' },
        },
      },
      namespace: 'openshift-adp',
      config: readEngineConfig({
        clusters: [{ name: 'c', inCluster: true }],
        repositories: { maintenance: { podResources: { memoryLimit: '1Gi' } } },
      }),
      startedAt,
    });
    const { spec } = (job.spec as any).template;
    const [container] = spec.containers;
    expect(
      spec.volumes.flatMap(({ secret }: any) =>
        secret ? [[secret.secretName, ...secret.items]] : [],
      ),
    ).toEqual([
      [
        'velero-repo-credentials-shop-x',
        { key: 'repository-password', path: 'password' },
      ],
      ['mine', { key: 'aws', path: 'cloud' }],
      ['storage-ca', { key: 'ca.pem', path: 'ca.crt' }],
    ]);
    expect(container.args.slice(0, 3)).toEqual([
      'maintain',
      '--backup-repository',
      'shop-default-kopia',
    ]);
    expect(container.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources).toEqual({ limits: { memory: '1Gi' } });
    expect(spec.serviceAccountName).toBe('lifeboat-mover');
    expect(job.metadata).toMatchObject({
      labels: {
        'velero.io/repo-name': 'shop-default-kopia',
        'app.kubernetes.io/managed-by': 'lifeboat',
      },
      ownerReferences: [{ kind: 'BackupRepository', uid: 'u' }],
    });
  });
});
