import { moverArguments, moverPaths } from '@lifeboat/data-mover';
import {
  storageProvider,
  validLabelValue,
  veleroLabels,
  type BackupRepository,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { EngineConfig } from '../../config/EngineConfig';
import { podResources } from '../../volumes/movers/moverPod';
import { moverSecrets, type MountedSecret } from '../moverSecrets';
import type { Job } from './Job';

const longestName = 63;
const deadlineSeconds = 12 * 3600;

/** The label by which the Jobs of a repository are found. */
export function maintenanceLabels(repositoryName: string) {
  return { [veleroLabels.repositoryName]: validLabelValue(repositoryName) };
}

/**
 * The name of a maintenance Job (Velero: maintenance of repositories).
 *
 * @param startedAt - milliseconds since 1970
 */
export function maintenanceJobName(
  repositoryName: string,
  startedAt: number,
): string {
  const name = `${repositoryName}-maintain-job-${startedAt}`;
  return name.length <= longestName && !name.includes('.')
    ? name
    : `repo-maintain-job-${startedAt}`;
}

/** The Job that maintains a repository once, in the control namespace. */
export function maintenanceJob(options: {
  repository: BackupRepository;
  location: BackupStorageLocation;
  namespace: string;
  config: Pick<EngineConfig, 'dataMover' | 'repositories'>;
  startedAt: number;
}): Job {
  const { repository, location, namespace, config, startedAt } = options;
  const { dataMover, repositories } = config;
  const repositoryName = repository.metadata.name ?? '';
  const secrets = moverSecrets(location, repository);
  const mounts = [
    secretMount('repository', secrets.password, moverPaths.passwordFile),
    secretMount('credentials', secrets.credentials, moverPaths.credentialsFile),
    secretMount(
      'certificates',
      secrets.ca,
      moverPaths.certificateAuthorityFile,
    ),
  ].flatMap(mount => (mount ? [mount] : []));
  const scratch = [
    { name: 'cache', mountPath: moverPaths.cacheDirectory },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const resources = podResources(
    repositories.maintenance.podResources ?? dataMover.podResources,
  );
  const labels = {
    ...maintenanceLabels(repositoryName),
    'app.kubernetes.io/managed-by': 'lifeboat',
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace,
      name: maintenanceJobName(repositoryName, startedAt),
      labels,
      ownerReferences: [
        {
          apiVersion: repository.apiVersion,
          kind: repository.kind,
          name: repositoryName,
          uid: repository.metadata.uid ?? '',
        },
      ],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineSeconds,
      template: {
        metadata: {
          labels: { ...dataMover.podLabels, ...labels },
          ...(dataMover.podAnnotations && {
            annotations: dataMover.podAnnotations,
          }),
        },
        spec: {
          restartPolicy: 'Never',
          enableServiceLinks: false,
          serviceAccountName: dataMover.serviceAccount,
          ...(dataMover.imagePullSecrets && {
            imagePullSecrets: dataMover.imagePullSecrets.map(name => ({
              name,
            })),
          }),
          ...(dataMover.priorityClassName && {
            priorityClassName: dataMover.priorityClassName,
          }),
          ...(dataMover.tolerations && { tolerations: dataMover.tolerations }),
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'maintain',
              image: dataMover.image,
              ...(dataMover.imagePullPolicy && {
                imagePullPolicy: dataMover.imagePullPolicy,
              }),
              args: moverArguments({
                command: 'maintain',
                owner: { kind: 'BackupRepository', name: repositoryName },
                settings: {
                  namespace,
                  passwordFile: moverPaths.passwordFile,
                  ...(secrets.credentials && {
                    credentialsFile: moverPaths.credentialsFile,
                  }),
                  ...(secrets.ca && {
                    certificateAuthorityFile:
                      moverPaths.certificateAuthorityFile,
                  }),
                  serviceAccountDirectory: moverPaths.serviceAccountDirectory,
                  terminationLog: moverPaths.terminationLog,
                  cacheDirectory: moverPaths.cacheDirectory,
                  ...(dataMover.memoryLimitMiB && {
                    memoryLimitMiB: dataMover.memoryLimitMiB,
                  }),
                },
              }),
              ...(resources && { resources }),
              securityContext: containerSecurity(location, dataMover),
              terminationMessagePath: moverPaths.terminationLog,
              volumeMounts: [
                ...mounts.map(({ volume: { name }, directory }) => ({
                  name,
                  mountPath: directory,
                  readOnly: true,
                })),
                ...scratch,
              ],
            },
          ],
          volumes: [
            ...mounts.map(({ volume }) => volume),
            ...scratch.map(({ name }) => ({ name, emptyDir: {} })),
          ],
        },
      },
    },
  };
}

function secretMount(
  name: string,
  secret: MountedSecret | undefined,
  file: string,
) {
  if (!secret) return undefined;
  const slash = file.lastIndexOf('/');
  return {
    directory: file.slice(0, slash),
    volume: {
      name,
      secret: {
        secretName: secret.secret,
        items: [{ key: secret.key, path: file.slice(slash + 1) }],
      },
    },
  };
}

/** No volume of anybody is mounted, so root is needed only where the storage is a folder of this machine. */
function containerSecurity(
  location: BackupStorageLocation,
  { runAsNonRoot }: EngineConfig['dataMover'],
): object {
  const isFolder = storageProvider(location.spec) === 'filesystem';
  return {
    ...(isFolder
      ? { runAsUser: 0 }
      : {
          runAsNonRoot: true,
          ...(runAsNonRoot && { runAsUser: runAsNonRoot.user }),
        }),
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {
      drop: ['ALL'],
      ...(isFolder && { add: ['DAC_OVERRIDE'] }),
    },
  };
}
