import { clusterConfigMaps } from '../../backup/related/podReferences';
import type { RestoreItemAction } from './RestoreItemAction';

/** Configuration that each cluster writes into each namespace itself. */
export const clusterConfigMap: RestoreItemAction = {
  name: 'lifeboat.dev/cluster-configmap',
  appliesTo: { includedResources: ['configmaps'] },
  execute(item) {
    const { name, annotations } = item.metadata;
    if (clusterConfigMaps.has(name ?? '')) {
      return { item, skip: 'the cluster writes this ConfigMap itself' };
    }
    return annotations?.[
      'oadp.openshift.io/skip-buildconfig-configmap-restore'
    ] === 'true'
      ? { item, skip: 'builds make this ConfigMap themselves' }
      : { item };
  },
};

/** Addresses of pods: the cluster writes them from Services, and old ones would send requests to strangers. */
export const endpointSlice: RestoreItemAction = {
  name: 'lifeboat.dev/endpointslice',
  appliesTo: { includedResources: ['endpointslices.discovery.k8s.io'] },
  execute(item) {
    const manager =
      item.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '';
    return manager.endsWith('.k8s.io')
      ? { item, skip: 'the cluster writes it from its Service' }
      : { item };
  },
};

/** As for EndpointSlices; Endpoints of a Service without a selector are the user's own and stay. */
export const endpoints: RestoreItemAction = {
  name: 'lifeboat.dev/endpoints',
  appliesTo: { includedResources: ['endpoints'] },
  async execute(item, context) {
    return (await context.hasSelector(item.metadata.name ?? ''))
      ? { item, skip: 'the cluster writes it from its Service' }
      : { item };
  },
};

/** Types that are results of running things, or the same objects under another group. */
const neverRestored: { [type: string]: string } = {
  'builds.build.openshift.io': 'builds are not restored',
  'imagetags.image.openshift.io': 'image tags come with their ImageStream',
  'rolebindings.authorization.openshift.io':
    'it is the same as its RoleBinding of rbac.authorization.k8s.io',
  'roles.authorization.openshift.io':
    'it is the same as its Role of rbac.authorization.k8s.io',
  'nonadminbackups.oadp.openshift.io': 'OADP makes it from its own records',
  'nonadminrestores.oadp.openshift.io': 'OADP makes it from its own records',
  'nonadminbackupstoragelocations.oadp.openshift.io':
    'OADP makes it from its own records',
};

/** Skips types of {@link neverRestored}. Source: openshift-velero-plugin build, imagetag, nonadmin. */
export const generatedTypes: RestoreItemAction[] = Object.entries(
  neverRestored,
).map(([type, skip]) => ({
  name: `lifeboat.dev/never-${type}`,
  appliesTo: { includedResources: [type] },
  execute: item => ({ item, skip }),
}));

/** Controllers that a DeploymentConfig makes again, unless it was paused. Source: openshift-velero-plugin replicationcontroller. */
export const replicationController: RestoreItemAction = {
  name: 'lifeboat.dev/replicationcontroller',
  appliesTo: { includedResources: ['replicationcontrollers'] },
  execute(item, context) {
    const owner = (context.original.metadata.ownerReferences ?? []).find(
      reference => reference.kind === 'DeploymentConfig',
    );
    const paused =
      item.metadata.annotations?.['openshift.io/paused-owner-ref'] === 'true';
    return owner && !paused
      ? { item, skip: `DeploymentConfig ${owner.name} makes it again` }
      : { item };
  },
};

/** APIServices that the API server manages itself. Source: Velero `velero.io/apiservice`. */
export const apiService: RestoreItemAction = {
  name: 'velero.io/apiservice',
  appliesTo: {
    includedResources: ['apiservices'],
    labelSelector: 'kube-aggregator.kubernetes.io/automanaged',
  },
  execute: item => ({ item, skip: 'the API server manages it itself' }),
};
