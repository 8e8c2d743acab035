import {
  BackupScope,
  lifeboatAnnotations,
  lifeboatLabels,
} from '@lifeboat/velero-api';
import { cloneJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { stripMetadata, stripStatus } from '../transform/stripMetadata';

const nameLabel = 'kubernetes.io/metadata.name';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Keys that say what the platform allows in a namespace, or who manages it: a copy must not inherit them. */
function isPrivileged(key: string): boolean {
  return (
    key.startsWith('pod-security.kubernetes.io/') ||
    key.startsWith('argocd.argoproj.io/') ||
    key.startsWith('lifeboat.dev/') ||
    key === nameLabel ||
    key === lastApplied
  );
}

function kept(map: { [key: string]: string } | undefined): {
  [key: string]: string;
} {
  return Object.fromEntries(
    Object.entries(map ?? {}).filter(([key]) => !isPrivileged(key)),
  );
}

/**
 * The Namespace that a restore creates: labels and annotations of the backed-up one without those that grant or manage, and,
 * for a tenant, consent for exactly the entity that restores.
 *
 * @param original - the Namespace in the backup; absent when it is not in there
 * @param restoreName - the Restore; it stays on the Namespace as the sign that the engine made it
 */
export function namespaceCopy(
  name: string,
  original: KubernetesObject | undefined,
  scope: BackupScope | undefined,
  restoreName: string,
): KubernetesObject {
  const source = original
    ? stripStatus(stripMetadata(cloneJson(original)))
    : undefined;
  const labels: { [key: string]: string } = {
    ...kept(source?.metadata.labels),
    // Opens the platform's fence for the engine; consent is another matter.
    [lifeboatLabels.served]: 'true',
  };
  const annotations: { [key: string]: string } = {
    ...kept(source?.metadata.annotations),
    [lifeboatAnnotations.createdBy]: restoreName,
    ...(scope && {
      [lifeboatAnnotations.consent]: JSON.stringify([scope.entityRef]),
    }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels,
      annotations,
    },
  };
}
