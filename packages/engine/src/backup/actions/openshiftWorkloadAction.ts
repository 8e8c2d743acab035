import type { BackupItemAction } from './BackupItemAction';

/** Facts of an OpenShift cluster that a later restore by OADP uses to swap image references. */
export interface OpenShiftFacts {
  /** `1.34`: major and minor version of the API server. */
  serverVersion: string;
  /** `image-registry.openshift-image-registry.svc:5000`, empty when the cluster has none. */
  registryHostname: string;
}

/**
 * Annotates workloads with the cluster's version and internal registry, so that OADP can restore what we wrote.
 *
 * Source: openshift-velero-plugin, common backup plugin.
 */
export function openshiftWorkloadAction(
  facts: OpenShiftFacts,
): BackupItemAction {
  return {
    name: 'openshift.io/01-common-backup-plugin',
    appliesTo: {
      includedResources: [
        'pods',
        'imagestreams',
        'imagestreamtags',
        'deployments',
        'deploymentconfigs',
        'jobs',
        'cronjobs',
        'statefulsets',
        'daemonsets',
        'replicasets',
        'replicationcontrollers',
        'buildconfigs',
      ],
    },
    execute(item) {
      item.metadata.annotations = {
        ...item.metadata.annotations,
        'openshift.io/backup-server-version': facts.serverVersion,
        'openshift.io/backup-registry-hostname': facts.registryHostname,
      };
      return { item };
    },
  };
}
