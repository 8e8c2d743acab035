import { moverPaths, type MoverCommand } from '@lifeboat/data-mover';
import type {
  DataMoverConfig,
  PodResourcesConfig,
} from '../../config/EngineConfig';
import type {
  MountedSecret,
  MoverSecrets,
} from '../../repositories/moverSecrets';

/** Folders that a mover may write to: its root file system is read-only. */
const scratch = [
  { name: 'cache', mountPath: moverPaths.cacheDirectory },
  { name: 'tmp', mountPath: '/tmp' },
];

/**
 * Who runs the program where no volume of anybody is mounted: the image's own user by number, because a kubelet refuses
 * `runAsNonRoot` for an image that names no user.
 */
export const moverUser = { user: 65_532, group: 65_532 };

/** Fields of a container's security context that make it run as a user other than root. */
export function userFields({ user, group }: { user: number; group?: number }) {
  return {
    runAsUser: user,
    ...(group === undefined ? {} : { runAsGroup: group }),
    runAsNonRoot: true,
  };
}

/** Fields of the specification of every pod that runs the mover program, whatever it does. */
export function moverPodFields(config: DataMoverConfig) {
  return {
    restartPolicy: 'Never' as const,
    enableServiceLinks: false,
    serviceAccountName: config.serviceAccount,
    ...(config.imagePullSecrets
      ? { imagePullSecrets: config.imagePullSecrets.map(name => ({ name })) }
      : {}),
    ...(config.priorityClassName
      ? { priorityClassName: config.priorityClassName }
      : {}),
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  };
}

/** Fields of the container of every such pod. */
export function moverContainerFields(
  config: DataMoverConfig,
  podResourcesConfig: PodResourcesConfig | undefined,
) {
  const resources = podResources(podResourcesConfig);
  return {
    image: config.image,
    ...(config.imagePullPolicy
      ? { imagePullPolicy: config.imagePullPolicy }
      : {}),
    ...(resources ? { resources } : {}),
    terminationMessagePath: moverPaths.terminationLog,
  };
}

/** What every such pod mounts: of each Secret only the key named, and folders to write to. */
export function moverMounts(secrets: MoverSecrets) {
  const mounted = [
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
  return {
    volumeMounts: [
      ...mounted.map(({ volume: { name }, directory }) => ({
        name,
        mountPath: directory,
        readOnly: true,
      })),
      ...scratch,
    ],
    volumes: [
      ...mounted.map(({ volume }) => volume),
      ...scratch.map(({ name }) => ({ name, emptyDir: {} })),
    ],
  };
}

/** The settings that every command of the mover takes: where it finds what is mounted, and how much memory it may use. */
export function moverSettings(
  namespace: string,
  config: DataMoverConfig,
  secrets: MoverSecrets,
): MoverCommand['settings'] {
  return {
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
    ...(config.memoryLimitMiB ? { memoryLimitMiB: config.memoryLimitMiB } : {}),
  };
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
