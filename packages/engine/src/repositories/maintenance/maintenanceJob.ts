import { moverArguments } from '@lifeboat/data-mover';
import {
  storageProvider,
  validLabelValue,
  veleroLabels,
  type BackupRepository,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { EngineConfig } from '../../config/EngineConfig';
import {
  moverContainerFields,
  moverMounts,
  moverPodFields,
  moverSettings,
  moverUser,
  userFields,
} from '../../volumes/movers/moverPodParts';
import { moverSecrets } from '../moverSecrets';
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
  const mounts = moverMounts(secrets);
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
          ...moverPodFields(dataMover),
          ...(dataMover.tolerations && { tolerations: dataMover.tolerations }),
          containers: [
            {
              name: 'maintain',
              ...moverContainerFields(
                dataMover,
                repositories.maintenance.podResources ?? dataMover.podResources,
              ),
              args: moverArguments({
                command: 'maintain',
                owner: { kind: 'BackupRepository', name: repositoryName },
                settings: moverSettings(namespace, dataMover, secrets),
              }),
              securityContext: containerSecurity(location, dataMover),
              volumeMounts: mounts.volumeMounts,
            },
          ],
          volumes: mounts.volumes,
        },
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
    ...(isFolder ? { runAsUser: 0 } : userFields(runAsNonRoot ?? moverUser)),
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {
      drop: ['ALL'],
      ...(isFolder && { add: ['DAC_OVERRIDE'] }),
    },
  };
}
