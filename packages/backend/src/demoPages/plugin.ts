import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { createDemoPagesRouter } from './router';

/**
 * Shows the web page of the demo's application, original and copies, under `/demo/<namespace>/`, through the service
 * proxy of the cluster's API. Off unless `demo.kubeconfig` is set.
 */
export const demoPagesPlugin = createBackendPlugin({
  pluginId: 'demo-pages',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        router: coreServices.rootHttpRouter,
      },
      async init({ config, router }) {
        const kubeconfig = config.getOptionalString('demo.kubeconfig');
        if (!kubeconfig) return;
        router.use(
          '/demo',
          createDemoPagesRouter({
            kubeconfig,
            namespaces: config.getStringArray('demo.namespaces'),
            service: config.getString('demo.service'),
          }),
        );
      },
    });
  },
});
