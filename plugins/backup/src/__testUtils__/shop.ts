import type {
  LogLine,
  ResourceGroup,
  Target,
} from '@lifeboat/backstage-plugin-backup-common';

/** Where the demo's component `orders` runs. */
export const target: Target = {
  cluster: 'demo',
  namespace: 'shop',
  selector: 'app.kubernetes.io/part-of=orders',
  controlNamespace: 'openshift-adp',
};

/** The objects of the demo's component `orders`. */
export const shopKinds: ResourceGroup[] = [
  { kind: 'Deployment', apiVersion: 'apps/v1', objects: ['orders-web'] },
  { kind: 'StatefulSet', apiVersion: 'apps/v1', objects: ['postgres'] },
  {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    objects: ['orders-settings', 'orders-page'],
  },
  { kind: 'Secret', apiVersion: 'v1', objects: ['postgres', 'orders-api'] },
  { kind: 'Service', apiVersion: 'v1', objects: ['orders-web', 'postgres'] },
  {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    objects: ['data-postgres-0'],
  },
  { kind: 'ServiceAccount', apiVersion: 'v1', objects: ['orders'] },
  {
    kind: 'Role',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    objects: ['orders-reader'],
  },
  {
    kind: 'RoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    objects: ['orders-reader'],
  },
  {
    kind: 'Route',
    apiVersion: 'route.openshift.io/v1',
    objects: ['orders', 'orders-legacy'],
  },
  { kind: 'CronJob', apiVersion: 'batch/v1', objects: ['orders-report'] },
];

/** The log of a backup run. */
export const runLog: LogLine[] = [
  {
    time: '2026-11-23T08:12:01Z',
    level: 'info',
    message: 'Setting up backup temp file',
  },
  {
    time: '2026-11-23T08:12:01Z',
    level: 'info',
    message: 'Collecting items from namespace shop',
  },
  {
    time: '2026-11-23T08:12:02Z',
    level: 'info',
    message: 'Backed up 17 items out of an estimated total of 17',
  },
  {
    time: '2026-11-23T08:12:02Z',
    level: 'warning',
    message: 'The data of volume data-postgres-0 is not included',
  },
  {
    time: '2026-11-23T08:12:03Z',
    level: 'error',
    message: 'ConfigMap orders-settings could not be read: forbidden',
  },
  { message: 'A line that is not in logfmt' },
];
