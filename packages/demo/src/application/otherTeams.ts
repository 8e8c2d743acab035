import { Manifest } from './Manifest';

function deployment(
  namespace: string,
  name: string,
  image: string,
  configMap: string,
): Manifest {
  const labels = {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/part-of': namespace,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': name } },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            { name, image, envFrom: [{ configMapRef: { name: configMap } }] },
          ],
        },
      },
    },
  };
}

/** Component `reports`: owned by the guest's team, small, and not protected yet. */
export function reportsApplication(namespace = 'reports'): Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'viewer-settings', namespace },
      data: { REFRESH_SECONDS: '300', TITLE: 'Weekly figures' },
    },
    deployment(
      namespace,
      'viewer',
      'registry.example.com/reports/viewer:2.1',
      'viewer-settings',
    ),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'viewer',
        namespace,
        labels: { 'app.kubernetes.io/part-of': namespace },
      },
      spec: {
        selector: { 'app.kubernetes.io/name': 'viewer' },
        ports: [{ name: 'http', port: 80, targetPort: 8080 }],
      },
    },
  ];
}

/** Component `newsletter`: owned by the guest's team, in a namespace that has not agreed to backups. */
export function newsletterApplication(namespace = 'newsletter'): Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'mailer-settings', namespace },
      data: { FROM: 'shop@example.com', PER_MINUTE: '60' },
    },
    deployment(
      namespace,
      'mailer',
      'registry.example.com/newsletter/mailer:1.4',
      'mailer-settings',
    ),
  ];
}

/** Component `payments`: owned by the other team, out of the guest's reach. */
export function paymentsApplication(
  apiKey: string,
  namespace = 'payments',
): Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'gateway-settings', namespace },
      data: { PROVIDER: 'example-pay', TIMEOUT_SECONDS: '20' },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 'gateway-credentials', namespace },
      data: { 'api-key': Buffer.from(apiKey).toString('base64') },
    },
    deployment(
      namespace,
      'gateway',
      'registry.example.com/payments/gateway:7.0',
      'gateway-settings',
    ),
  ];
}
