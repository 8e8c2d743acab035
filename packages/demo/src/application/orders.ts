import { initSql } from './initSql';
import { Manifest } from './Manifest';
import { promotion } from './promotions';

/** Label by which the catalog entity selects the application. */
export const PART_OF = { 'app.kubernetes.io/part-of': 'orders' };

/** Images with a local runtime in the embedded cluster. */
export const images = {
  web: 'lifeboat/demo-web:1',
  postgres: 'lifeboat/demo-postgres:18',
  mover: 'lifeboat/data-mover:dev',
};

const webLabels = { 'app.kubernetes.io/name': 'web', ...PART_OF };
const databaseLabels = { 'app.kubernetes.io/name': 'db', ...PART_OF };

export interface OrdersOptions {
  namespace: string;
  /** Password of the database, as text. */
  databasePassword: string;
  /** Key that signs the web sessions, as text. */
  sessionKey: string;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function settings({ namespace, databasePassword, sessionKey }: OrdersOptions) {
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web-settings', namespace },
      data: {
        greeting: 'Fresh orders, straight from the harbour',
        'page.json': `${JSON.stringify({
          currency: 'EUR',
          rowsPerPage: 20,
        })}\n`,
      },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'db-init', namespace },
      data: { '10-orders.sql': initSql },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 'db-credentials', namespace },
      data: {
        database: base64('orders'),
        username: base64('orders'),
        password: base64(databasePassword),
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 'web-session', namespace },
      data: { key: base64(sessionKey) },
    },
  ];
}

function identity(namespace: string): Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'orders-web', namespace },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'orders-web-reader', namespace },
      rules: [
        {
          apiGroups: [''],
          resources: ['configmaps'],
          resourceNames: ['web-settings'],
          verbs: ['get', 'watch'],
        },
        {
          apiGroups: ['apps'],
          resources: ['deployments'],
          resourceNames: ['web'],
          verbs: ['get'],
        },
        {
          apiGroups: ['shop.lifeboat.dev'],
          resources: ['promotions'],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'orders-web-reads', namespace },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Role',
        name: 'orders-web-reader',
      },
      subjects: [{ kind: 'ServiceAccount', name: 'orders-web', namespace }],
    },
  ];
}

function fromSecret(name: string, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: 'db-credentials', key } } };
}

function database(namespace: string): Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db', namespace },
      spec: {
        clusterIP: 'None',
        selector: { 'app.kubernetes.io/name': 'db' },
        ports: [{ name: 'postgres', port: 5432, targetPort: 'postgres' }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace, labels: databaseLabels },
      spec: {
        serviceName: 'db',
        replicas: 1,
        selector: { matchLabels: { 'app.kubernetes.io/name': 'db' } },
        template: {
          metadata: { labels: databaseLabels },
          spec: {
            terminationGracePeriodSeconds: 20,
            containers: [
              {
                name: 'postgres',
                image: images.postgres,
                ports: [{ name: 'postgres', containerPort: 5432 }],
                env: [
                  fromSecret('POSTGRES_DB', 'database'),
                  fromSecret('POSTGRES_USER', 'username'),
                  fromSecret('POSTGRES_PASSWORD', 'password'),
                  {
                    name: 'PGDATA',
                    value: '/var/lib/postgresql/data/pgdata',
                  },
                ],
                readinessProbe: {
                  tcpSocket: { port: 'postgres' },
                  periodSeconds: 5,
                },
                resources: {
                  requests: { cpu: '100m', memory: '128Mi' },
                  limits: { memory: '256Mi' },
                },
                volumeMounts: [
                  { name: 'data', mountPath: '/var/lib/postgresql/data' },
                  {
                    name: 'init',
                    mountPath: '/docker-entrypoint-initdb.d',
                    readOnly: true,
                  },
                ],
              },
            ],
            volumes: [{ name: 'init', configMap: { name: 'db-init' } }],
          },
        },
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
  ];
}

function webPod() {
  return {
    serviceAccountName: 'orders-web',
    containers: [
      {
        name: 'web',
        image: images.web,
        ports: [{ name: 'http', containerPort: 8080 }],
        env: [
          {
            name: 'GREETING',
            valueFrom: {
              configMapKeyRef: { name: 'web-settings', key: 'greeting' },
            },
          },
          {
            name: 'NAMESPACE',
            valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
          },
          {
            name: 'POD_NAME',
            valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
          },
          { name: 'PGHOST', value: 'db' },
          { name: 'PGPORT', value: '5432' },
          fromSecret('PGDATABASE', 'database'),
          fromSecret('PGUSER', 'username'),
          fromSecret('PGPASSWORD', 'password'),
        ],
        readinessProbe: {
          httpGet: { path: '/healthz', port: 'http' },
          periodSeconds: 5,
        },
        resources: {
          requests: { cpu: '50m', memory: '64Mi' },
          limits: { memory: '128Mi' },
        },
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/orders', readOnly: true },
          { name: 'session', mountPath: '/etc/session', readOnly: true },
          { name: 'cache', mountPath: '/var/cache/orders' },
        ],
      },
    ],
    volumes: [
      {
        name: 'settings',
        configMap: {
          name: 'web-settings',
          items: [{ key: 'page.json', path: 'page.json' }],
        },
      },
      { name: 'session', secret: { secretName: 'web-session' } },
      { name: 'cache', emptyDir: {} },
    ],
  };
}

function web(namespace: string): Manifest[] {
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace, labels: webLabels },
      spec: {
        selector: { 'app.kubernetes.io/name': 'web' },
        ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace, labels: webLabels },
      spec: {
        replicas: 2,
        selector: { matchLabels: { 'app.kubernetes.io/name': 'web' } },
        template: { metadata: { labels: webLabels }, spec: webPod() },
      },
    },
    {
      apiVersion: 'route.openshift.io/v1',
      kind: 'Route',
      metadata: { name: 'web', namespace, labels: webLabels },
      spec: {
        to: { kind: 'Service', name: 'web', weight: 100 },
        port: { targetPort: 'http' },
        tls: { termination: 'edge' },
        wildcardPolicy: 'None',
      },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace },
      spec: {
        scaleTargetRef: target,
        minReplicas: 2,
        maxReplicas: 5,
        metrics: [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'Utilization', averageUtilization: 80 },
            },
          },
        ],
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace },
      spec: {
        minAvailable: 1,
        selector: { matchLabels: { 'app.kubernetes.io/name': 'web' } },
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly-report', namespace, labels: PART_OF },
      spec: {
        schedule: '15 3 * * *',
        timeZone: 'Europe/Prague',
        concurrencyPolicy: 'Forbid',
        suspend: true,
        jobTemplate: {
          spec: {
            backoffLimit: 2,
            template: {
              metadata: { labels: { 'app.kubernetes.io/name': 'report' } },
              spec: {
                restartPolicy: 'OnFailure',
                containers: [
                  {
                    name: 'report',
                    image: 'registry.example.com/orders/report:1.4',
                    args: ['--day', 'yesterday'],
                    env: [fromSecret('PGPASSWORD', 'password')],
                  },
                ],
              },
            },
          },
        },
      },
    },
    promotion(namespace, PART_OF),
  ];
}

/**
 * The application of component `orders`: only what the selector is meant to find carries its label. Settings, secrets,
 * identity, the headless Service, HPA and PDB do not, so a backup holds them only if related objects are followed.
 */
export function ordersApplication(options: OrdersOptions): Manifest[] {
  return [
    ...settings(options),
    ...identity(options.namespace),
    ...database(options.namespace),
    ...web(options.namespace),
  ];
}
