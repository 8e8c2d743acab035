import type { Config } from '@backstage/config';
import { InputError } from '@backstage/errors';
import type { ClusterConnection } from '@lifeboat/engine';
import type { ClusterSetting } from './ClusterSetting';

const ways = ['kubernetesPluginRef', 'url', 'kubeconfig', 'inCluster'] as const;

/**
 * Reads `backup.clusters`.
 *
 * @throws InputError that names the entry and what it lacks.
 */
export function readClusterSettings(config: Config): ClusterSetting[] {
  const settings = (config.getOptionalConfigArray('backup.clusters') ?? []).map(
    (entry, index) => readCluster(config, entry, `backup.clusters[${index}]`),
  );
  const seen = new Set<string>();
  for (const { name } of settings) {
    if (seen.has(name)) {
      throw new InputError(
        `backup.clusters has two clusters named "${name}": names must differ`,
      );
    }
    seen.add(name);
  }
  return settings;
}

function readCluster(
  root: Config,
  entry: Config,
  where: string,
): ClusterSetting {
  const given = ways.filter(way => entry.has(way));
  if (given.length !== 1) {
    throw new InputError(
      `${where} needs exactly one of ${ways.join(', ')}, but has ${
        given.length === 0 ? 'none' : given.join(' and ')
      }`,
    );
  }
  const reference = entry.getOptionalString('kubernetesPluginRef');
  const source = reference ? findPluginCluster(root, reference, where) : entry;
  const name = entry.getOptionalString('name') ?? reference;
  if (!name) {
    throw new InputError(`${where} has no name`);
  }
  return {
    name,
    title:
      entry.getOptionalString('title') ?? source.getOptionalString('title'),
    connection: readConnection(name, source),
  };
}

function readConnection(name: string, entry: Config): ClusterConnection {
  const kubeconfig = entry.getOptionalString('kubeconfig');
  if (kubeconfig) {
    return { name, kubeconfig, context: entry.getOptionalString('context') };
  }
  if (entry.getOptionalBoolean('inCluster')) {
    return { name, inCluster: true };
  }
  return {
    name,
    url: entry.getString('url'),
    token: entry.getOptionalString('serviceAccountToken'),
    caData: entry.getOptionalString('caData'),
    caFile: entry.getOptionalString('caFile'),
    skipTlsVerify: entry.getOptionalBoolean('skipTLSVerify'),
  };
}

/** A cluster of the Kubernetes plugin; only those written in the configuration have credentials we may use. */
function findPluginCluster(root: Config, name: string, where: string): Config {
  const clusters = (
    root.getOptionalConfigArray('kubernetes.clusterLocatorMethods') ?? []
  )
    .filter(method => method.getOptionalString('type') === 'config')
    .flatMap(method => method.getOptionalConfigArray('clusters') ?? []);
  const found = clusters.find(
    cluster => cluster.getOptionalString('name') === name,
  );
  if (!found) {
    const names = clusters.map(cluster => cluster.getOptionalString('name'));
    throw new InputError(
      `${where}.kubernetesPluginRef is "${name}", but kubernetes.clusterLocatorMethods of type config has ${
        names.length === 0 ? 'no clusters' : `only: ${names.join(', ')}`
      }`,
    );
  }
  const provider = found.getOptionalString('authProvider');
  if (provider !== 'serviceAccount') {
    throw new InputError(
      `${where}.kubernetesPluginRef is "${name}", whose authProvider is "${provider}": backups run without a user, so it must be serviceAccount`,
    );
  }
  if (!found.has('serviceAccountToken')) {
    throw new InputError(
      `${where}.kubernetesPluginRef is "${name}", which has no serviceAccountToken: write the cluster out here with inCluster: true, or give it a token`,
    );
  }
  return found;
}
