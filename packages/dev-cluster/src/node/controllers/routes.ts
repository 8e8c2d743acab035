import { keyOf } from '../api/Informer';
import { Resource, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { writeStatus } from './podOwnership';
import { condition, Condition } from './Workload';

export const ROUTER_DOMAIN = 'apps.dev-cluster.lifeboat.dev';

interface Ingress {
  host?: string;
  routerName?: string;
  conditions?: Condition[];
}

type Route = Resource<
  { host?: string; to?: { kind?: string; name?: string } },
  { ingress?: Ingress[] }
>;

/** Gives Routes a host, as OpenShift's API server does, and admits each host once: the oldest Route keeps it. */
export function routes(context: ControllerContext): Controller {
  const { client, informers } = context;
  const all = informers.of<Route>(types.routes);

  function holder(host: string): Route | undefined {
    return all
      .list()
      .filter(route => route.spec?.host === host)
      .sort(
        (a, b) =>
          (a.metadata.creationTimestamp ?? '').localeCompare(
            b.metadata.creationTimestamp ?? '',
          ) || (a.metadata.uid ?? '').localeCompare(b.metadata.uid ?? ''),
      )[0];
  }

  const queue = queueFor(context, 'routes', async key => {
    let route = all.get(key);
    if (!route || route.metadata.deletionTimestamp) return;
    const { namespace, name } = route.metadata;
    if (!route.spec?.host) {
      route = await client.patch<Route>(types.routes, namespace, name, {
        metadata: { annotations: { 'openshift.io/host.generated': 'true' } },
        spec: { host: `${name}-${namespace}.${ROUTER_DOMAIN}` },
      });
      all.observe(route);
    }
    const host = route.spec?.host ?? '';
    const admitted = holder(host)?.metadata.uid === route.metadata.uid;
    const now = context
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    await writeStatus(context, all, route, {
      ingress: [
        {
          host,
          routerName: 'default',
          routerCanonicalHostname: `router-default.${ROUTER_DOMAIN}`,
          wildcardPolicy: 'None',
          conditions: [
            condition(
              route.status?.ingress?.[0]?.conditions,
              admitted
                ? { type: 'Admitted', status: 'True' }
                : {
                    type: 'Admitted',
                    status: 'False',
                    reason: 'HostAlreadyClaimed',
                    message: `a route in another namespace holds ${host}`,
                  },
              now,
            ),
          ],
        },
      ],
    });
  });

  all.onChange((route, change) => {
    if (change === 'set') {
      queue.add(keyOf(route));
      return;
    }
    for (const other of all.list()) {
      if (other.spec?.host === route.spec?.host) queue.add(keyOf(other));
    }
  });
  return queue;
}

/** OpenShift's Route as a CustomResourceDefinition. */
export const routeDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'routes.route.openshift.io' },
  spec: {
    group: 'route.openshift.io',
    scope: 'Namespaced',
    names: {
      kind: 'Route',
      listKind: 'RouteList',
      plural: 'routes',
      singular: 'route',
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Host', type: 'string', jsonPath: '.spec.host' },
          { name: 'Service', type: 'string', jsonPath: '.spec.to.name' },
          {
            name: 'Admitted',
            type: 'string',
            jsonPath:
              '.status.ingress[0].conditions[?(@.type=="Admitted")].status',
          },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['to'],
                'x-kubernetes-preserve-unknown-fields': true,
                properties: {
                  host: { type: 'string' },
                  path: { type: 'string' },
                  subdomain: { type: 'string' },
                  wildcardPolicy: { type: 'string' },
                  to: {
                    type: 'object',
                    required: ['kind', 'name'],
                    properties: {
                      kind: { type: 'string' },
                      name: { type: 'string' },
                      weight: { type: 'integer' },
                    },
                  },
                  port: {
                    type: 'object',
                    required: ['targetPort'],
                    properties: {
                      targetPort: { 'x-kubernetes-int-or-string': true },
                    },
                  },
                  tls: {
                    type: 'object',
                    'x-kubernetes-preserve-unknown-fields': true,
                  },
                },
              },
              status: {
                type: 'object',
                'x-kubernetes-preserve-unknown-fields': true,
              },
            },
          },
        },
      },
    ],
  },
};
