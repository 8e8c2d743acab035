import {
  moverArguments,
  moverPaths,
  type MoverCommand,
} from '@lifeboat/data-mover';
import { veleroLabels } from '@lifeboat/velero-api';
import type {
  DataMoverConfig,
  PodResourcesConfig,
} from '../../config/EngineConfig';
import type {
  MountedSecret,
  MoverSecrets,
} from '../../repositories/moverSecrets';
import type { NodeSelectorTerm, VolumeMode } from '../expose/storageObjects';
import type { DataPathObject } from './DataPathObject';
import {
  ownerReference,
  podGroup,
  temporaryLabels,
  temporaryName,
} from './moverNames';
import type { Pod } from './Pod';

/** The volume that a mover reads or writes. */
export interface MoverVolume {
  source:
    | { persistentVolumeClaim: { claimName: string; readOnly?: boolean } }
    | { hostPath: { path: string; type: 'Directory' } };
  mode: VolumeMode;
}

/** Where a mover runs. */
export interface MoverPlacement {
  /** Exactly this node, whatever taints it has. */
  nodeName?: string;
  /** Else one that fits; empty: any. */
  nodes?: NodeSelectorTerm[];
  /** Besides those of the configuration. */
  tolerations?: object[];
}

/** What a mover's pod is made of. */
export interface MoverPodInput {
  owner: DataPathObject;
  /** The control namespace. */
  namespace: string;
  config: DataMoverConfig;
  volume: MoverVolume;
  placement: MoverPlacement;
  /** What is mounted for the repository and its storage. */
  secrets: MoverSecrets;
  /** For host paths on platforms that demand it. */
  isPrivileged?: boolean;
}

/** The pod that moves one volume's data, in the control namespace. */
export function moverPod(input: MoverPodInput): Pod {
  const { owner, namespace, config, volume, placement, secrets } = input;
  const uid = owner.metadata.uid ?? '';
  const path = `/${uid}`;
  const isBackup =
    owner.kind === 'DataUpload' || owner.kind === 'PodVolumeBackup';
  const isHostPath = 'hostPath' in volume.source;
  const secretVolumes = [
    secretVolume('repository', secrets.password, moverPaths.passwordFile),
    secretVolume(
      'credentials',
      secrets.credentials,
      moverPaths.credentialsFile,
    ),
    secretVolume(
      'certificates',
      secrets.ca,
      moverPaths.certificateAuthorityFile,
    ),
  ].flatMap(entry => (entry ? [entry] : []));
  const scratch = [
    { name: 'cache', mountPath: moverPaths.cacheDirectory },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const resources = podResources(config.podResources);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name: temporaryName(owner),
      labels: {
        ...config.podLabels,
        ...temporaryLabels(owner),
        [veleroLabels.exposerPodGroup]: podGroup(owner),
      },
      ...(config.podAnnotations ? { annotations: config.podAnnotations } : {}),
      ownerReferences: [ownerReference(owner)],
    },
    spec: {
      restartPolicy: 'Never',
      enableServiceLinks: false,
      serviceAccountName: config.serviceAccount,
      ...(config.imagePullSecrets
        ? { imagePullSecrets: config.imagePullSecrets.map(name => ({ name })) }
        : {}),
      ...(config.priorityClassName
        ? { priorityClassName: config.priorityClassName }
        : {}),
      ...placementFields(input),
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: uid,
          image: config.image,
          ...(config.imagePullPolicy
            ? { imagePullPolicy: config.imagePullPolicy }
            : {}),
          args: moverArguments(moverCommand(input, path)),
          ...(resources ? { resources } : {}),
          securityContext: containerSecurity(input, isBackup),
          terminationMessagePath: moverPaths.terminationLog,
          volumeMounts: [
            ...(volume.mode === 'Filesystem'
              ? [
                  {
                    name: uid,
                    mountPath: path,
                    ...(isBackup ? { readOnly: true } : {}),
                    ...(isHostPath
                      ? { mountPropagation: 'HostToContainer' }
                      : {}),
                  },
                ]
              : []),
            ...secretVolumes.map(({ volume: { name }, directory }) => ({
              name,
              mountPath: directory,
              readOnly: true,
            })),
            ...scratch,
          ],
          ...(volume.mode === 'Block'
            ? { volumeDevices: [{ name: uid, devicePath: path }] }
            : {}),
        },
      ],
      volumes: [
        { name: uid, ...volume.source },
        ...secretVolumes.map(entry => entry.volume),
        ...scratch.map(({ name }) => ({ name, emptyDir: {} })),
      ],
      ...(placement.nodeName ? { nodeName: placement.nodeName } : {}),
    },
  };
}

function moverCommand(
  { owner, namespace, config, volume, secrets }: MoverPodInput,
  volumePath: string,
): MoverCommand {
  const settings: MoverCommand['settings'] = {
    namespace,
    passwordFile: moverPaths.passwordFile,
    ...(secrets.credentials
      ? { credentialsFile: moverPaths.credentialsFile }
      : {}),
    ...(secrets.ca
      ? { certificateAuthorityFile: moverPaths.certificateAuthorityFile }
      : {}),
    serviceAccountDirectory: moverPaths.serviceAccountDirectory,
    terminationLog: moverPaths.terminationLog,
    cacheDirectory: moverPaths.cacheDirectory,
    ...(config.parallelFiles ? { parallelFiles: config.parallelFiles } : {}),
    ...(config.memoryLimitMiB ? { memoryLimitMiB: config.memoryLimitMiB } : {}),
    ...(config.runAsNonRoot ? { requireReadable: true } : {}),
  };
  const name = owner.metadata.name ?? '';
  const common = { volumePath, volumeMode: volume.mode, settings };
  return owner.kind === 'DataUpload' || owner.kind === 'PodVolumeBackup'
    ? { command: 'backup', owner: { kind: owner.kind, name }, ...common }
    : { command: 'restore', owner: { kind: owner.kind, name }, ...common };
}

function secretVolume(
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

/** Reads and writes what belongs to anybody, and can do nothing else that root could. */
function containerSecurity(
  { config, isPrivileged }: MoverPodInput,
  isBackup: boolean,
): object {
  const user = config.runAsNonRoot;
  if (isPrivileged) {
    return { privileged: true, runAsUser: 0, readOnlyRootFilesystem: true };
  }
  return {
    ...(user
      ? {
          runAsUser: user.user,
          ...(user.group === undefined ? {} : { runAsGroup: user.group }),
          runAsNonRoot: true,
        }
      : { runAsUser: 0 }),
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {
      drop: ['ALL'],
      ...(user
        ? {}
        : {
            add: isBackup
              ? ['DAC_OVERRIDE']
              : ['DAC_OVERRIDE', 'CHOWN', 'FOWNER', 'FSETID'],
          }),
    },
  };
}

function placementFields({ owner, config, placement }: MoverPodInput): object {
  const tolerations = [
    ...(config.tolerations ?? []),
    ...(placement.tolerations ?? []),
  ];
  const tolerated = tolerations.length > 0 ? { tolerations } : {};
  if (placement.nodeName) return tolerated;
  const nodes = placement.nodes ?? [];
  return {
    ...tolerated,
    ...(nodes.length > 0
      ? {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: nodes,
              },
            },
          },
        }
      : {}),
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: {
          matchLabels: { [veleroLabels.exposerPodGroup]: podGroup(owner) },
        },
      },
    ],
  };
}

/** Requests and limits of a container; undefined when none are set. An empty text and `0` set nothing (Velero). */
export function podResources(
  config: PodResourcesConfig | undefined,
): { requests?: object; limits?: object } | undefined {
  const side = (cpu?: string, memory?: string) => {
    const set = Object.entries({ cpu, memory }).filter(
      ([, quantity]) => quantity && quantity !== '0',
    );
    return set.length > 0 ? Object.fromEntries(set) : undefined;
  };
  const requests = side(config?.cpuRequest, config?.memoryRequest);
  const limits = side(config?.cpuLimit, config?.memoryLimit);
  return requests || limits
    ? { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) }
    : undefined;
}
