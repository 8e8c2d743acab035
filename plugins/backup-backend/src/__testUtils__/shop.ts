import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupScope } from '@lifeboat/velero-api';
import { component } from './catalog';
import { KubernetesStandIn } from './KubernetesStandIn';

export const control = 'openshift-adp';
export const selector = 'app.kubernetes.io/part-of=orders';

const annotationsFor = (namespace: string, own?: string) => ({
  'backstage.io/kubernetes-cluster': 'demo',
  'backstage.io/kubernetes-namespace': namespace,
  ...(own && { 'backstage.io/kubernetes-label-selector': own }),
});

/** Our component, one of the other team, and one of ours that points at the other team's namespace. */
export const entities = [
  component('orders', 'team-orders', annotationsFor('shop', selector)),
  component('payments', 'team-payments', annotationsFor('payments')),
  component('sneaky', 'team-orders', annotationsFor('payments')),
];

/** The scope that the portal records for a component. */
export function scopeFor(
  entityRef: string,
  namespace: string,
  namespaceUid: string,
  own?: string,
): BackupScope {
  return {
    entityRef,
    cluster: 'demo',
    namespace,
    namespaceUid,
    ...(own && { selector: own }),
    consent: { source: 'namespace', entities: [entityRef] },
  };
}

/** A Backup, Restore or Schedule as the engine leaves it. */
export function run(
  kind: string,
  name: string,
  scope: BackupScope,
  more: {
    spec?: object;
    status?: object;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  } = {},
) {
  return {
    apiVersion: 'velero.io/v1',
    kind,
    metadata: {
      name,
      namespace: control,
      labels: more.labels,
      annotations: {
        'lifeboat.dev/scope': JSON.stringify(scope),
        ...more.annotations,
      },
    },
    spec: { storageLocation: 'default', ...more.spec },
    status: more.status,
  };
}

/** A sign of life of the engine. */
export function renewLease(cluster: KubernetesStandIn) {
  cluster.put('leases', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'lifeboat-engine', namespace: control },
    spec: {
      holderIdentity: 'engine-1',
      leaseDurationSeconds: 15,
      renewTime: new Date().toISOString(),
    },
  });
}

/** A cluster with two teams' namespaces, storage in a folder and a living engine. */
export async function startShop() {
  const cluster = await KubernetesStandIn.start();
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-storage-'));
  const namespace = (name: string, consent?: unknown) =>
    cluster.put('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        annotations: consent
          ? { 'lifeboat.dev/entities': JSON.stringify(consent) }
          : {},
      },
    }).metadata.uid!;
  const shop = namespace('shop', [
    { entity: 'component:default/orders', selector },
  ]);
  const payments = namespace('payments', ['component:default/payments']);
  namespace(control);
  cluster.put('backupstoragelocations', {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: 'default', namespace: control },
    spec: {
      default: true,
      provider: 'lifeboat.dev/filesystem',
      objectStorage: { bucket: 'lifeboat' },
      config: { path: folder },
    },
    status: { phase: 'Available' },
  });
  renewLease(cluster);
  cluster.put('configmaps', {
    metadata: {
      name: 'web',
      namespace: 'shop',
      labels: { 'app.kubernetes.io/part-of': 'orders' },
    },
  });
  return { cluster, folder, uids: { shop, payments } };
}
