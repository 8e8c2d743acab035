import { moverArguments, type MoverCommand } from '@lifeboat/data-mover';
import { veleroLabels } from '@lifeboat/velero-api';
import type { DataMoverConfig } from '../../config/EngineConfig';
import type { MoverSecrets } from '../../repositories/moverSecrets';
import type { NodeSelectorTerm, VolumeMode } from '../expose/storageObjects';
import type { DataPathObject } from './DataPathObject';
import {
  ownerReference,
  podGroup,
  temporaryLabels,
  temporaryName,
} from './moverNames';
import {
  moverContainerFields,
  moverMounts,
  moverPodFields,
  moverSettings,
  userFields,
} from './moverPodParts';
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
  const mounts = moverMounts(secrets);
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
      ...moverPodFields(config),
      ...placementFields(input),
      containers: [
        {
          name: uid,
          ...moverContainerFields(config, config.podResources),
          args: moverArguments(moverCommand(input, path)),
          securityContext: containerSecurity(input, isBackup),
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
            ...mounts.volumeMounts,
          ],
          ...(volume.mode === 'Block'
            ? { volumeDevices: [{ name: uid, devicePath: path }] }
            : {}),
        },
      ],
      volumes: [{ name: uid, ...volume.source }, ...mounts.volumes],
      ...(placement.nodeName ? { nodeName: placement.nodeName } : {}),
    },
  };
}

function moverCommand(
  { owner, namespace, config, volume, secrets }: MoverPodInput,
  volumePath: string,
): MoverCommand {
  const settings: MoverCommand['settings'] = {
    ...moverSettings(namespace, config, secrets),
    ...(config.parallelFiles ? { parallelFiles: config.parallelFiles } : {}),
    ...(config.runAsNonRoot ? { requireReadable: true } : {}),
  };
  const name = owner.metadata.name ?? '';
  const common = { volumePath, volumeMode: volume.mode, settings };
  return owner.kind === 'DataUpload' || owner.kind === 'PodVolumeBackup'
    ? { command: 'backup', owner: { kind: owner.kind, name }, ...common }
    : { command: 'restore', owner: { kind: owner.kind, name }, ...common };
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
    ...(user ? userFields(user) : { runAsUser: 0 }),
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
