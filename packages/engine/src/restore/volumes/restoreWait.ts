import { waitArguments } from '@lifeboat/data-mover';
import { parse } from 'yaml';
import { isJsonObject, JsonObject, objectsAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { moverUser } from '../../volumes/movers/moverPodParts';

/** Name of the init container in which a restored pod waits for its files. */
export const restoreWaitName = 'restore-wait';

/** What the names of earlier versions were; such containers are replaced. */
const waitNames = new Set([restoreWaitName, 'restic-wait']);

/** The init container's settings, from the configuration and the ConfigMap that Velero reads. */
export interface RestoreWaitSettings {
  image: string;
  imagePullPolicy?: string;
  /** Replaces the image's own entry point: Velero's helper, which takes the Restore's UID as its only argument. */
  command?: string[];
  resources: { requests: JsonObject; limits: JsonObject };
  /** Absent: the first container's, else a restricted one. */
  securityContext?: JsonObject;
}

const defaultResources = { cpu: '100m', memory: '128Mi' };

const restrictedContext: JsonObject = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The ConfigMap's keys, by which Velero's users set the init container. */
export type RestoreWaitConfig = { [key: string]: string | undefined };

/**
 * The settings of the init container.
 *
 * @param mover - image of the data mover and how it is pulled
 * @param config - data of the ConfigMap with the label `velero.io/pod-volume-restore=RestoreItemAction`
 *
 * Source: Velero `pod_volume_restore_action.go`.
 */
export function restoreWaitSettings(
  mover: { image: string; imagePullPolicy?: string },
  config: RestoreWaitConfig | undefined,
): RestoreWaitSettings {
  const ownImage = config?.image?.includes('/') ? config.image : undefined;
  const command = config?.command || undefined;
  const securityContext = config && contextOf(config);
  return {
    image: ownImage ?? mover.image,
    ...(mover.imagePullPolicy && { imagePullPolicy: mover.imagePullPolicy }),
    ...(command && { command: [command] }),
    resources: {
      requests: {
        cpu: config?.cpuRequest || defaultResources.cpu,
        memory: config?.memRequest || defaultResources.memory,
      },
      limits: {
        cpu: config?.cpuLimit || defaultResources.cpu,
        memory: config?.memLimit || defaultResources.memory,
      },
    },
    ...(securityContext && { securityContext }),
  };
}

function contextOf(config: RestoreWaitConfig): JsonObject | undefined {
  const whole = config.secCtx ? parseYaml(config.secCtx) : undefined;
  const context: JsonObject = isJsonObject(whole) ? { ...whole } : {};
  const user = Number.parseInt(config.secCtxRunAsUser ?? '', 10);
  const group = Number.parseInt(config.secCtxRunAsGroup ?? '', 10);
  if (!config.secCtx) {
    if (Number.isInteger(user)) context.runAsUser = user;
    if (Number.isInteger(group)) context.runAsGroup = group;
    if (config.secCtxAllowPrivilegeEscalation) {
      context.allowPrivilegeEscalation =
        config.secCtxAllowPrivilegeEscalation === 'true';
    }
  }
  return Object.keys(context).length > 0 ? context : undefined;
}

/**
 * Puts the waiting init container in front of a pod's others, or only takes away one that an earlier restore left.
 *
 * @param pod - changed in place
 * @param volumes - names of the pod's volumes that get their files back
 */
export function addRestoreWait(
  pod: KubernetesObject,
  volumes: readonly string[],
  restoreUid: string,
  settings: RestoreWaitSettings | undefined,
): void {
  const spec = pod.spec;
  if (!isJsonObject(spec)) {
    return;
  }
  const others = objectsAt(spec, 'initContainers').filter(
    container => !waitNames.has(String(container.name)),
  );
  if (volumes.length > 0 && settings) {
    spec.initContainers = [
      waitContainer(spec, volumes, restoreUid, settings),
      ...others,
    ];
  } else if (Array.isArray(spec.initContainers)) {
    spec.initContainers = others;
  }
}

function waitContainer(
  spec: JsonObject,
  volumes: readonly string[],
  restoreUid: string,
  settings: RestoreWaitSettings,
): JsonObject {
  const first = objectsAt(spec, 'containers')[0]?.securityContext;
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return {
    name: restoreWaitName,
    image: settings.image,
    ...(settings.imagePullPolicy && {
      imagePullPolicy: settings.imagePullPolicy,
    }),
    ...(settings.command
      ? { command: settings.command, args: [restoreUid] }
      : {
          args: waitArguments(restoreUid, volumes.map(mountPath)),
        }),
    env: [
      field('POD_NAMESPACE', 'metadata.namespace'),
      field('POD_NAME', 'metadata.name'),
    ],
    resources: settings.resources,
    securityContext: numbered(
      settings.securityContext ??
        (isJsonObject(first) ? first : restrictedContext),
      isJsonObject(spec.securityContext) ? spec.securityContext : {},
    ),
    volumeMounts: volumes.map(name => ({ name, mountPath: mountPath(name) })),
  };
}

/**
 * A context with a user by number where one other than root is demanded: the first container's image may name its user, this one's
 * need not, and the kubelet refuses it then. OpenShift has written a number into the pod before it was backed up.
 */
function numbered(context: JsonObject, ofPod: JsonObject): JsonObject {
  const { runAsNonRoot, runAsUser } = { ...ofPod, ...context };
  return runAsNonRoot === true && runAsUser === undefined
    ? { ...context, runAsUser: moverUser.user }
    : context;
}

function mountPath(volume: string): string {
  return `/restores/${volume}`;
}

/** Text that is no YAML counts as none. */
function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
