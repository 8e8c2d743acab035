import type {
  ClusterClient,
  KubernetesObject,
  ResourceType,
} from '@lifeboat/engine';
import { parseJson } from '@lifeboat/engine';

const labels = { 'app.kubernetes.io/part-of': 'orders' };

function object(
  apiVersion: string,
  kind: string,
  name: string,
  rest: { [field: string]: unknown } = {},
  metadata: { [field: string]: unknown } = {},
): KubernetesObject {
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: { name, ...metadata },
  } as KubernetesObject;
}

const podSpec = {
  serviceAccountName: 'web',
  containers: [
    {
      name: 'web',
      image: 'registry.example.com/web:1',
      env: [
        {
          name: 'PASSWORD',
          valueFrom: { secretKeyRef: { name: 'db-password', key: 'password' } },
        },
      ],
      envFrom: [{ configMapRef: { name: 'web-config' } }],
      ports: [{ containerPort: 8080 }],
    },
  ],
  volumes: [
    {
      name: 'shared',
      projected: { sources: [{ configMap: { name: 'shared-config' } }] },
    },
  ],
};

/** A definition whose objects keep fields that it does not know. */
export const widgetDefinition = object(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'widgets.example.com',
  {
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        listKind: 'WidgetList',
      },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
            },
          },
        },
      ],
    },
  },
);

/**
 * An application of real-world shape for one namespace: workloads, configuration, accounts, entrances, policies, a claim and a
 * custom resource. Only a few carry the label of the component `orders`; the others belong to it.
 */
export function applicationObjects(): KubernetesObject[] {
  const template = (part: string) => ({
    metadata: { labels: { ...labels, app: part } },
    spec: podSpec,
  });
  return [
    object('v1', 'ServiceAccount', 'web'),
    object('v1', 'ConfigMap', 'web-config', { data: { COLOUR: 'blue' } }),
    object('v1', 'ConfigMap', 'shared-config', { data: { shared: 'yes' } }),
    object('v1', 'ConfigMap', 'not-ours', { data: { other: 'yes' } }),
    object('v1', 'Secret', 'db-password', {
      type: 'Opaque',
      data: { password: 'c2VjcmV0' },
    }),
    object('v1', 'Secret', 'web-tls', {
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': 'eA==', 'tls.key': 'eA==' },
    }),
    object('rbac.authorization.k8s.io/v1', 'Role', 'web', {
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    }),
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'web', {
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Role',
        name: 'web',
      },
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
    }),
    object('v1', 'PersistentVolumeClaim', 'data-db-0', {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      },
    }),
    object('v1', 'Service', 'web', {
      spec: {
        selector: { app: 'web' },
        ports: [{ port: 80, targetPort: 8080 }],
      },
    }),
    object('networking.k8s.io/v1', 'Ingress', 'web', {
      spec: {
        tls: [{ hosts: ['web.example.com'], secretName: 'web-tls' }],
        rules: [
          {
            host: 'web.example.com',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'web', port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    }),
    object('policy/v1', 'PodDisruptionBudget', 'web', {
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    }),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: {
        maxReplicas: 3,
        scaleTargetRef: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'web',
        },
      },
    }),
    object('networking.k8s.io/v1', 'NetworkPolicy', 'web', {
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Ingress'],
      },
    }),
    object(
      'apps/v1',
      'Deployment',
      'web',
      {
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          template: template('web'),
        },
      },
      { labels },
    ),
    object(
      'apps/v1',
      'StatefulSet',
      'db',
      {
        spec: {
          replicas: 0,
          serviceName: 'db',
          selector: { matchLabels: { app: 'db' } },
          template: template('db'),
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
              },
            },
          ],
        },
      },
      { labels },
    ),
    object(
      'batch/v1',
      'CronJob',
      'nightly',
      {
        spec: {
          schedule: '0 3 * * *',
          suspend: true,
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: 'Never',
                  containers: podSpec.containers,
                },
              },
            },
          },
        },
      },
      { labels },
    ),
    object('apps/v1', 'Deployment', 'stranger', {
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'stranger' } },
        template: {
          metadata: { labels: { app: 'stranger' } },
          spec: {
            containers: [
              {
                name: 'stranger',
                image: 'registry.example.com/stranger:1',
                envFrom: [{ configMapRef: { name: 'shared-config' } }],
              },
            ],
          },
        },
      },
    }),
    {
      ...object('example.com/v1', 'Widget', 'big', {}, { labels }),
      ...parseJson<object>(
        '{"spec":{"number":9007199254740993,"unknown":{"deep":[1,2.50]}}}',
      ),
    },
  ];
}

/** Applies objects, each of a type that the cluster serves. Existing ones are left alone. */
export async function createAll(
  client: ClusterClient,
  objects: KubernetesObject[],
  namespace?: string,
): Promise<void> {
  const discovery = await client.discover();
  for (const item of objects) {
    const type = discovery.forKind(item.apiVersion, item.kind);
    if (!type) {
      throw new Error(`${item.apiVersion} ${item.kind} is not served`);
    }
    await client.create(type, {
      ...item,
      metadata: {
        ...item.metadata,
        ...(namespace && type.namespaced && { namespace }),
      },
    });
  }
}

/** The type of a kind. @throws Error when the cluster does not serve it */
export async function typeOf(
  client: ClusterClient,
  groupResource: string,
): Promise<ResourceType> {
  const type = (await client.discover()).find(groupResource);
  if (!type) {
    throw new Error(`${groupResource} is not served`);
  }
  return type;
}
