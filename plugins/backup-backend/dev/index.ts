import { createBackend } from '@backstage/backend-defaults';
import { mockServices } from '@backstage/backend-test-utils';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';

// The plugin alone, for a cluster of your own: set LIFEBOAT_KUBECONFIG to a kubeconfig file and run `yarn start` in
// this folder. Whoever asks is the mocked user:
//   curl http://localhost:7007/api/backup/entities/component/default/orders/protection

const backend = createBackend();

backend.add(mockServices.auth.factory());
backend.add(mockServices.httpAuth.factory());
backend.add(mockServices.userInfo.factory());
backend.add(
  mockServices.rootConfig.factory({
    data: {
      backend: { baseUrl: 'http://localhost:7007', listen: { port: 7007 } },
      backup: {
        engine: 'external',
        access: { requireOwnership: false },
        clusters: [
          {
            name: 'demo',
            kubeconfig: process.env.LIFEBOAT_KUBECONFIG ?? '.kube/config',
          },
        ],
      },
    },
  }),
);
backend.add(
  catalogServiceMock.factory({
    entities: [
      {
        apiVersion: 'backstage.io/v1alpha1',
        kind: 'Component',
        metadata: {
          name: 'orders',
          namespace: 'default',
          annotations: {
            'backstage.io/kubernetes-namespace': 'shop',
            'backstage.io/kubernetes-label-selector':
              'app.kubernetes.io/part-of=orders',
          },
        },
        spec: { type: 'service', lifecycle: 'production', owner: 'guests' },
      },
    ],
  }),
);
backend.add(import('../src'));

backend.start();
