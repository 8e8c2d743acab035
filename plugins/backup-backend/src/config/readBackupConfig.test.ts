import { ConfigReader } from '@backstage/config';
import { readDataPathConfig } from '@lifeboat/engine';
import { engineConfigOf } from '../engine/engineConfigOf';
import { readBackupConfig } from './readBackupConfig';

const read = (data: object) =>
  readBackupConfig(new ConfigReader(data as never));

it('has defaults for everything', () => {
  expect(read({})).toEqual({
    engine: 'builtin',
    namespace: 'openshift-adp',
    clusters: [],
    requireOwnership: true,
    consent: [],
    restore: {
      targets: ['{{namespace}}-*'],
      createNamespaces: true,
      allowedClusterRoles: ['view', 'edit'],
      order: 'oadp',
      targetUrl: undefined,
    },
    syncPhases: ['Completed'],
    dataPath: readDataPathConfig({}),
    defaultTtl: '720h0m0s',
  });
});

it('hands the settings about volume data to the engine', () => {
  const config = read({
    backup: {
      dataMover: { image: 'registry.example/mover:1', parallelFiles: 4 },
      fileSystemBackup: { enabled: true },
    },
  });
  expect(engineConfigOf(config)).toMatchObject({
    dataMover: {
      image: 'registry.example/mover:1',
      parallelFiles: 4,
      serviceAccount: 'lifeboat-mover',
    },
    fileSystemBackup: { enabled: true, hostPodsPath: '/var/lib/kubelet/pods' },
  });
  expect(() => read({ backup: { dataMover: { picture: 'x' } } })).toThrow(
    /dataMover: there is no setting "picture"/,
  );
});

it('reads the three ways to reach a cluster', () => {
  const { clusters } = read({
    backup: {
      clusters: [
        {
          name: 'a',
          title: 'Cluster A',
          url: 'https://a:6443',
          serviceAccountToken: 't',
          caData: 'Y2E=',
        },
        { name: 'b', kubeconfig: '/etc/kubeconfig', context: 'b' },
        { name: 'c', inCluster: true },
        { kubernetesPluginRef: 'd' },
      ],
    },
    kubernetes: {
      clusterLocatorMethods: [
        { type: 'catalog' },
        {
          type: 'config',
          clusters: [
            {
              name: 'd',
              title: 'Cluster D',
              url: 'https://d:6443',
              authProvider: 'serviceAccount',
              serviceAccountToken: 'u',
              skipTLSVerify: true,
            },
          ],
        },
      ],
    },
  });
  expect(clusters).toEqual([
    {
      name: 'a',
      title: 'Cluster A',
      connection: {
        name: 'a',
        url: 'https://a:6443',
        token: 't',
        caData: 'Y2E=',
      },
    },
    {
      name: 'b',
      connection: { name: 'b', kubeconfig: '/etc/kubeconfig', context: 'b' },
    },
    { name: 'c', connection: { name: 'c', inCluster: true } },
    {
      name: 'd',
      title: 'Cluster D',
      connection: {
        name: 'd',
        url: 'https://d:6443',
        token: 'u',
        skipTlsVerify: true,
      },
    },
  ]);
});

it.each([
  [
    { restore: { allowedClusterRoles: ['view', 'cluster-admin'] } },
    /backup.restore.allowedClusterRoles: "cluster-admin" gives everything/,
  ],
  [{ engine: 'magic' }, /engine is "magic".*builtin, external, velero/],
  [{ clusters: [{ name: 'a' }] }, /clusters\[0\] needs exactly one of.*none/],
  [
    { clusters: [{ name: 'a', url: 'https://a', inCluster: true }] },
    /has url and inCluster/,
  ],
  [{ clusters: [{ url: 'https://a' }] }, /clusters\[0\] has no name/],
  [
    {
      clusters: [
        { name: 'a', inCluster: true },
        { name: 'a', inCluster: true },
      ],
    },
    /two clusters named "a"/,
  ],
  [{ clusters: [{ kubernetesPluginRef: 'x' }] }, /has no clusters/],
  [{ restore: { targets: ['*'] } }, /must contain \{\{namespace\}\}/],
  [{ sync: { phases: ['Done'] } }, /Done.*Completed/],
  [{ defaultTtl: 'soon' }, /defaultTtl/],
  [{ defaultTtl: '0h' }, /must be positive/],
  [{ consent: [{ namespace: 'shop', entities: [] }] }, /names no entities/],
])('refuses %j', (backup, message) => {
  expect(() => read({ backup })).toThrow(message);
});

it('reads how tenants may restore, and hands it to the engine', () => {
  const config = read({
    backup: {
      restore: { allowedClusterRoles: ['view'], order: 'velero' },
    },
  });
  expect(engineConfigOf(config).restore).toEqual({
    allowedClusterRoles: ['view'],
    order: 'velero',
  });
  expect(() => read({ backup: { restore: { order: 'random' } } })).toThrow(
    'backup.restore.order is "random": it must be one of oadp, velero',
  );
});

it("takes a cluster of the Kubernetes plugin's own configuration as it is written there", () => {
  const { clusters } = read({
    backup: { clusters: [{ kubernetesPluginRef: 'prod', title: 'Shop' }] },
    kubernetes: {
      serviceLocatorMethod: { type: 'multiTenant' },
      clusterLocatorMethods: [
        { type: 'localKubectlProxy' },
        {
          type: 'config',
          clusters: [
            {
              name: 'prod',
              title: 'Production',
              url: 'https://api.prod.example.com:6443',
              authProvider: 'serviceAccount',
              serviceAccountToken: 'token',
              caData: 'Y2E=',
              skipTLSVerify: false,
              skipMetricsLookup: true,
              dashboardUrl: 'https://console.prod.example.com',
              dashboardApp: 'openshift',
              customResources: [
                {
                  group: 'route.openshift.io',
                  apiVersion: 'v1',
                  plural: 'routes',
                },
              ],
            },
            {
              name: 'people',
              url: 'https://api.people.example.com:6443',
              authProvider: 'oidc',
              oidcTokenProvider: 'okta',
            },
          ],
        },
      ],
    },
  });
  expect(clusters).toEqual([
    {
      name: 'prod',
      title: 'Shop',
      connection: {
        name: 'prod',
        url: 'https://api.prod.example.com:6443',
        token: 'token',
        caData: 'Y2E=',
        caFile: undefined,
        skipTlsVerify: false,
      },
    },
  ]);
});
