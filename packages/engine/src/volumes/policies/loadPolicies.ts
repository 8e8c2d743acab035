import { BackupSpec, usesOldResourceFilters } from '@lifeboat/velero-api';
import type { ClusterClient } from '../../cluster/ClusterClient';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { coreTypes } from '../../cluster/knownTypes';
import { parsePolicies } from './parsePolicies';
import type { ResourcePolicies } from './ResourcePolicies';

interface ConfigMap extends KubernetesObject {
  data?: { [key: string]: string };
}

/**
 * The resource policies that a Backup names, or what is wrong with them for its validation errors.
 *
 * @param namespace - the control namespace, where the ConfigMap must be
 *
 * Source: Velero `GetResourcePoliciesFromBackup`.
 */
export async function loadPolicies(
  spec: BackupSpec,
  options: { client: ClusterClient; namespace: string; signal: AbortSignal },
): Promise<{ policies?: ResourcePolicies; problem?: string }> {
  const reference = spec.resourcePolicy;
  if (!reference) {
    return {};
  }
  const at = 'spec.resourcePolicy';
  if (reference.kind.toLowerCase() !== 'configmap') {
    return {
      problem: `${at}.kind: "${reference.kind}" is not supported; it must be configmap`,
    };
  }
  const { client, namespace, signal } = options;
  const where = `ConfigMap ${reference.name} in namespace ${namespace}`;
  let found: ConfigMap | undefined;
  try {
    found = await client.get<ConfigMap>(
      coreTypes.configMaps,
      { namespace, name: reference.name },
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    return {
      problem: `${at}: ${where} cannot be read: ${(error as Error).message}`,
    };
  }
  if (!found) {
    return { problem: `${at}: there is no ${where}` };
  }
  const values = Object.values(found.data ?? {});
  if (values.length !== 1) {
    return {
      problem: `${at}: ${where} must have exactly one key with the policies as YAML; it has ${values.length}`,
    };
  }
  try {
    const policies = parsePolicies(values[0]);
    return policies.includeExcludePolicy && usesOldResourceFilters(spec)
      ? {
          problem: `${at}: ${where} has an includeExcludePolicy, which cannot be used together with includedResources, excludedResources or includeClusterResources`,
        }
      : { policies };
  } catch (error) {
    return { problem: `${at}: ${where}: ${(error as Error).message}` };
  }
}
