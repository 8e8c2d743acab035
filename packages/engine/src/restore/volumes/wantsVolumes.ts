import type { RestoreSpec } from '@lifeboat/velero-api';

const claimNames = new Set([
  'persistentvolumeclaims',
  'persistentvolumeclaim',
  'pvc',
]);
const podNames = new Set(['pods', 'pod', 'po']);

/** Whether a Restore may bring back the content of volumes: it takes claims or pods, and does not leave volumes out. */
export function wantsVolumes(spec: RestoreSpec): boolean {
  const included = spec.includedResources ?? [];
  const excluded = new Set(spec.excludedResources ?? []);
  const takes = (names: ReadonlySet<string>) =>
    (included.length === 0 ||
      included.some(name => name === '*' || names.has(name))) &&
    !excluded.has('*') &&
    ![...names].some(name => excluded.has(name));
  return spec.restorePVs !== false && (takes(claimNames) || takes(podNames));
}

/** Whether a Restore may take objects of a namespace; patterns may mean any. */
export function wantsNamespace(spec: RestoreSpec, namespace: string): boolean {
  const included = spec.includedNamespaces ?? [];
  return (
    (included.length === 0 ||
      included.some(name => name === namespace || /[*?[{]/.test(name))) &&
    !(spec.excludedNamespaces ?? []).includes(namespace)
  );
}
