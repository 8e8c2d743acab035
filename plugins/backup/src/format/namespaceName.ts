/** Why a text is no name for a namespace; undefined when it is one. Kubernetes: DNS-1123 label, at most 63 characters. */
export type NamespaceNameFault = 'empty' | 'too-long' | 'invalid';

/** Checks the form of a namespace's name, not whether it is free. */
export function namespaceNameFault(
  name: string,
): NamespaceNameFault | undefined {
  if (name === '') {
    return 'empty';
  }
  if (name.length > 63) {
    return 'too-long';
  }
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) ? undefined : 'invalid';
}
