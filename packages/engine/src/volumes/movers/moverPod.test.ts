import type { DataDownload, DataUpload } from '@lifeboat/velero-api';
import { readDataPathConfig } from '../../config/readEngineConfig';
import { moverPod, type MoverPodInput } from './moverPod';
import { podResources } from './moverPodParts';

const uid = '4fd2a6b0-0000-4000-8000-000000000001';

const owner = {
  apiVersion: 'velero.io/v2alpha1',
  kind: 'DataUpload',
  metadata: { namespace: 'openshift-adp', name: 'nightly-1', uid },
  spec: {},
} as DataUpload;

const input = (
  changes: Partial<MoverPodInput> = {},
  dataMover: object = {},
): MoverPodInput => ({
  owner,
  namespace: 'openshift-adp',
  config: readDataPathConfig({ dataMover: { image: 'mover:1', ...dataMover } })
    .dataMover,
  volume: {
    source: { persistentVolumeClaim: { claimName: `du-${uid}` } },
    mode: 'Filesystem',
  },
  placement: {},
  secrets: {
    password: { secret: 'velero-repo-credentials', key: 'repository-password' },
    credentials: { secret: 'cloud', key: 'key' },
  },
  ...changes,
});

const containerOf = (pod: ReturnType<typeof moverPod>) =>
  pod.spec.containers?.[0] as { [field: string]: any };

describe('moverPod', () => {
  it('is a pod that can read the volume and its Secrets, and little else', () => {
    const pod = moverPod(input());
    expect(pod.metadata).toEqual({
      namespace: 'openshift-adp',
      name: `du-${uid}`,
      labels: {
        'app.kubernetes.io/managed-by': 'lifeboat',
        'lifeboat.dev/owner-uid': uid,
        'velero.io/data-upload': 'nightly-1',
        'velero.io/exposer-pod-group': 'snapshot-exposer',
      },
      ownerReferences: [
        {
          apiVersion: 'velero.io/v2alpha1',
          kind: 'DataUpload',
          name: 'nightly-1',
          uid,
          controller: true,
        },
      ],
    });
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Never',
      serviceAccountName: 'lifeboat-mover',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [
        { name: uid, persistentVolumeClaim: { claimName: `du-${uid}` } },
        {
          name: 'repository',
          secret: {
            secretName: 'velero-repo-credentials',
            items: [{ key: 'repository-password', path: 'password' }],
          },
        },
        {
          name: 'credentials',
          secret: {
            secretName: 'cloud',
            items: [{ key: 'key', path: 'cloud' }],
          },
        },
        { name: 'cache', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    });
    const container = containerOf(pod);
    expect(container).toMatchObject({
      name: uid,
      image: 'mover:1',
      securityContext: {
        runAsUser: 0,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE'] },
      },
      volumeMounts: [
        { name: uid, mountPath: `/${uid}`, readOnly: true },
        { name: 'repository', mountPath: '/repository', readOnly: true },
        { name: 'credentials', mountPath: '/credentials', readOnly: true },
        { name: 'cache', mountPath: '/cache' },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    });
    expect(container.args).toEqual([
      'backup',
      '--data-upload',
      'nightly-1',
      '--volume-path',
      `/${uid}`,
      '--volume-mode',
      'Filesystem',
      '--namespace',
      'openshift-adp',
      '--password-file',
      '/repository/password',
      '--credentials-file',
      '/credentials/cloud',
      '--service-account-directory',
      '/var/run/secrets/kubernetes.io/serviceaccount',
      '--termination-log',
      '/dev/termination-log',
      '--cache-directory',
      '/cache',
    ]);
    expect(container.resources).toBeUndefined();
  });

  it('writes a restored volume with the rights to give files to their owners', () => {
    const download = { ...owner, kind: 'DataDownload' } as unknown;
    const container = containerOf(
      moverPod(input({ owner: download as DataDownload })),
    );
    expect(container.args.slice(0, 3)).toEqual([
      'restore',
      '--data-download',
      'nightly-1',
    ]);
    expect(container.securityContext.capabilities.add).toEqual([
      'DAC_OVERRIDE',
      'CHOWN',
      'FOWNER',
      'FSETID',
    ]);
    expect(container.volumeMounts[0]).toEqual({
      name: uid,
      mountPath: `/${uid}`,
    });
  });

  it('gets a block volume as a device', () => {
    const container = containerOf(
      moverPod(
        input({
          volume: {
            source: { persistentVolumeClaim: { claimName: 'c' } },
            mode: 'Block',
          },
        }),
      ),
    );
    expect(container.volumeDevices).toEqual([
      { name: uid, devicePath: `/${uid}` },
    ]);
    expect(
      container.volumeMounts.map((mount: { name: string }) => mount.name),
    ).not.toContain(uid);
  });

  it('is as the configuration wants it', () => {
    const pod = moverPod(
      input(
        { placement: { nodes: [{ matchExpressions: [] }] } },
        {
          imagePullPolicy: 'Always',
          imagePullSecrets: ['pull'],
          runAsNonRoot: { user: 1000, group: 2000 },
          podResources: {
            cpuRequest: '100m',
            memoryLimit: '1Gi',
            cpuLimit: '',
          },
          priorityClassName: 'low',
          podLabels: { team: 'a', 'lifeboat.dev/owner-uid': 'mine' },
          podAnnotations: { note: 'b' },
          tolerations: [{ operator: 'Exists' }],
          parallelFiles: 3,
          memoryLimitMiB: 512,
        },
      ),
    );
    expect(pod.metadata.labels).toMatchObject({
      team: 'a',
      'lifeboat.dev/owner-uid': uid,
    });
    expect(pod.metadata.annotations).toEqual({ note: 'b' });
    expect(pod.spec).toMatchObject({
      imagePullSecrets: [{ name: 'pull' }],
      priorityClassName: 'low',
      tolerations: [{ operator: 'Exists' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [] }],
          },
        },
      },
    });
    const container = containerOf(pod);
    expect(container).toMatchObject({
      imagePullPolicy: 'Always',
      resources: { requests: { cpu: '100m' }, limits: { memory: '1Gi' } },
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 2000,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
      },
    });
    expect(container.securityContext.capabilities.add).toBeUndefined();
    expect(container.args.slice(-5)).toEqual([
      '--parallel-files',
      '3',
      '--memory-limit',
      '512',
      '--require-readable',
    ]);
  });

  it('runs beside the pod whose volume is mounted there, and sees that volume only', () => {
    const path = '/var/lib/kubelet/pods/1/volumes/kubernetes.io~csi/pv/mount';
    const pod = moverPod(
      input({
        volume: {
          source: { hostPath: { path, type: 'Directory' } },
          mode: 'Filesystem',
        },
        placement: { nodeName: 'node-1', tolerations: [{ key: 'gpu' }] },
        isPrivileged: true,
      }),
    );
    expect(pod.spec).toMatchObject({
      nodeName: 'node-1',
      tolerations: [{ key: 'gpu' }],
      volumes: [
        { name: uid, hostPath: { path, type: 'Directory' } },
        {},
        {},
        {},
        {},
      ],
    });
    expect(pod.spec.affinity).toBeUndefined();
    const container = containerOf(pod);
    expect(container.volumeMounts[0]).toEqual({
      name: uid,
      mountPath: `/${uid}`,
      readOnly: true,
      mountPropagation: 'HostToContainer',
    });
    expect(container.securityContext.privileged).toBe(true);
  });

  it('has no resources where none are set', () => {
    expect(podResources(undefined)).toBeUndefined();
    expect(
      podResources({ cpuRequest: '0', memoryRequest: '' }),
    ).toBeUndefined();
  });
});
