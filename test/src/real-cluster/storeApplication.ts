import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { KubernetesObject } from '@lifeboat/engine';

const user = 1001;

function program(name: string): string {
  return readFileSync(path.join(__dirname, 'program', name), 'utf8');
}

function hooks(): { [annotation: string]: string } {
  const command = (name: string) =>
    JSON.stringify(['node', `/program/${name}`]);
  return {
    'pre.hook.backup.velero.io/container': 'store',
    'pre.hook.backup.velero.io/command': command('freeze.mjs'),
    'pre.hook.backup.velero.io/timeout': '30s',
    'post.hook.backup.velero.io/container': 'store',
    'post.hook.backup.velero.io/command': command('thaw.mjs'),
  };
}

/** What the application of the stories may look like. */
export interface StoreOptions {
  /** Any image with `node` on its PATH. */
  image: string;
  storageClass: string;
  /** Quiesce the writer by annotation hooks. */
  hooks: boolean;
  /** Volumes for file-system backup by annotation (Velero: opt-in). */
  fileSystemBackup?: boolean;
  /** Runs as root, and gives files to several owners. */
  root?: boolean;
  /** OpenShift chooses the user itself. */
  choosesUsers?: boolean;
}

function podSecurity(options: StoreOptions): object {
  if (options.root) return { runAsUser: 0 };
  return {
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
    ...(!options.choosesUsers && {
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: 'OnRootMismatch',
    }),
  };
}

/** A StatefulSet whose one pod writes rows to two volumes, `data` and `index`, and reports on them in its log. */
export function storeApplication(options: StoreOptions): KubernetesObject[] {
  const claim = (name: string) => ({
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: options.storageClass,
      resources: { requests: { storage: '1Gi' } },
    },
  });
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'program' },
      data: Object.fromEntries(
        ['store.mjs', 'freeze.mjs', 'thaw.mjs'].map(name => [
          name,
          program(name),
        ]),
      ),
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'store', labels: { app: 'store' } },
      spec: {
        replicas: 1,
        serviceName: 'store',
        selector: { matchLabels: { app: 'store' } },
        template: {
          metadata: {
            labels: { app: 'store' },
            annotations: {
              ...(options.hooks && hooks()),
              ...(options.fileSystemBackup && {
                'backup.velero.io/backup-volumes': 'data,index',
              }),
            },
          },
          spec: {
            terminationGracePeriodSeconds: 2,
            securityContext: podSecurity(options),
            containers: [
              {
                name: 'store',
                image: options.image,
                imagePullPolicy: 'IfNotPresent',
                command: ['node', '/program/store.mjs'],
                securityContext: options.root
                  ? {}
                  : {
                      allowPrivilegeEscalation: false,
                      capabilities: { drop: ['ALL'] },
                    },
                volumeMounts: [
                  mount('data', '/data'),
                  mount('index', '/index'),
                  mount('state', '/state'),
                  mount('program', '/program'),
                ],
              },
            ],
            volumes: [
              { name: 'state', emptyDir: {} },
              { name: 'program', configMap: { name: 'program' } },
            ],
          },
        },
        volumeClaimTemplates: [claim('data'), claim('index')],
      },
    },
  ];
}

/** What the application says about its volumes. */
export interface StoreReport {
  event: 'found' | 'filled' | 'frozen' | 'thawed';
  at: string;
  /** Of `found`: the node's folder of the pod, as far as the pod can see it. */
  podFolder?: string;
  rows?: { data: number; index: number };
  /** Sorted entries: path, type, mode, owner, size, time and SHA-256. */
  volumes?: { data: unknown[][]; index: unknown[][] };
  afterMs?: number;
}

/** Reads the log of the application's pod. */
export function readReports(log: string): StoreReport[] {
  return log
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as StoreReport);
}

/** What of a report must be alike before and after: everything, times to the second, because snapshots may keep no more. */
export function comparable({ rows, volumes }: StoreReport): object {
  const seconds = (entry: unknown[]) =>
    entry.map(field =>
      typeof field === 'string' && /^\d{4}-\d\d-\d\dT/.test(field)
        ? field.slice(0, 19)
        : field,
    );
  return {
    rows,
    data: volumes?.data.map(seconds),
    index: volumes?.index.map(seconds),
  };
}
