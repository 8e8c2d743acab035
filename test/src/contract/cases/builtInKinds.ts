import {
  Case,
  get,
  patch,
  post,
  put,
  remove,
  silently,
  Step,
  changed,
  taking,
} from '../Case';
import { columnsAndCells } from './objects';

const path = (resource: string, group = '') =>
  `/${group ? `apis/${group}` : 'api/v1'}/namespaces/{ns}/${resource}`;
const cluster = (resource: string, group = '') =>
  `/${group ? `apis/${group}` : 'api/v1'}/${resource}`;
const table = 'application/json;as=Table;g=meta.k8s.io;v=v1,application/json';
const rows = (name: string, where: string): Step => ({
  ...get(name, where, table),
  record: a => columnsAndCells(a.body),
});

const apps = 'apps/v1';

/** Tables show how long ago it was: half a day away from the next whole one, so "100d" whenever the cases run. */
const hundredDaysAgo = new Date(Date.now() - 100.5 * 24 * 60 * 60_000);
const inSeconds = hundredDaysAgo.toISOString().replace(/\.\d+Z$/, 'Z');
const inMicroseconds = inSeconds.replace('Z', '.000000Z');

const labels = { app: 'web' };
const container = { name: 'web', image: 'registry.example.com/web:1' };
const template = {
  metadata: { labels },
  spec: { containers: [container] },
};
const selector = { matchLabels: labels };
const named = (name: string, spec: object, more: object = {}) => ({
  metadata: { name },
  spec,
  ...more,
});

/** Kept by the embedded server with a warning that it does not enforce it. */
const kept = (step: Step) => taking(step, a => a.body);

const rich = {
  containers: [
    {
      name: 'web',
      image: 'web',
      command: ['a'],
      args: [],
      env: [
        { name: 'EMPTY', value: '' },
        {
          name: 'NODE',
          valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } },
        },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      envFrom: [{ configMapRef: { name: 'c' } }],
      ports: [{ name: 'http', containerPort: 80 }],
      resources: {
        limits: { cpu: '1000m', memory: '1024Mi' },
        requests: { cpu: 0.5 },
      },
      livenessProbe: { httpGet: { port: 'http' } },
      readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 0 },
      lifecycle: { preStop: { exec: { command: ['x'] } } },
      volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: false }],
      securityContext: { runAsNonRoot: true, privileged: false },
    },
  ],
  initContainers: [{ name: 'init', image: 'init@sha256:abc' }],
  volumes: [
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'config', configMap: { name: 'c' } },
    {
      name: 'secret',
      secret: { secretName: 's', items: [{ key: 'k', path: 'p' }] },
    },
    { name: 'tmp' },
    {
      name: 'all',
      projected: {
        sources: [
          { serviceAccountToken: { path: 't' } },
          { configMap: { name: 'c' } },
        ],
      },
    },
    {
      name: 'down',
      downwardAPI: {
        items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }],
      },
    },
  ],
  nodeSelector: {},
  hostNetwork: false,
  serviceAccount: 'builder',
  terminationGracePeriodSeconds: 0,
  automountServiceAccountToken: false,
};

/** What the server makes of built-in kinds: defaults, checks, fields that cannot change. */
export const builtInCases: Case[] = [
  {
    name: 'kinds: workloads',
    steps: [
      post(
        'deployment',
        path('deployments', apps),
        named('web', { selector, template }),
      ),
      post(
        'deployment, Recreate',
        path('deployments', apps),
        named('recreate', {
          selector,
          template,
          strategy: { type: 'Recreate' },
          replicas: 0,
          paused: false,
        }),
      ),
      post(
        'deployment without anything',
        path('deployments', apps),
        named('empty', {}),
      ),
      post(
        'deployment with other labels',
        path('deployments', apps),
        named('other', { selector: { matchLabels: { a: 'b' } }, template }),
      ),
      post(
        'deployment with OnFailure',
        path('deployments', apps),
        named('other', {
          selector,
          template: {
            ...template,
            spec: { ...template.spec, restartPolicy: 'OnFailure' },
          },
        }),
      ),
      post(
        'deployment with negative replicas',
        path('deployments', apps),
        named('other', { selector, template, replicas: -1 }),
      ),
      post(
        'deployment with a text for replicas',
        path('deployments', apps),
        named('other', { selector, template, replicas: '1' }),
      ),
      patch('change replicas', `${path('deployments', apps)}/web`, 'merge', {
        spec: { replicas: 3 },
      }),
      patch('change a label', `${path('deployments', apps)}/web`, 'merge', {
        metadata: { labels: { x: 'y' } },
      }),
      patch(
        'status by the front door',
        `${path('deployments', apps)}/web`,
        'merge',
        { status: { replicas: 3 } },
      ),
      patch('status', `${path('deployments', apps)}/web/status`, 'merge', {
        spec: { replicas: 9 },
        status: { replicas: 3, observedGeneration: 2 },
      }),
      get('read status', `${path('deployments', apps)}/web/status`),
      get('scale', `${path('deployments', apps)}/web/scale`),
      patch('scale down', `${path('deployments', apps)}/web/scale`, 'merge', {
        spec: { replicas: 0 },
      }),
      put('scale up', `${path('deployments', apps)}/web/scale`, seen =>
        changed(seen, 'scale down', o => {
          o.spec = { replicas: 4 };
        }),
      ),
      put('scale, stale', `${path('deployments', apps)}/web/scale`, seen =>
        changed(seen, 'scale', o => {
          o.spec = { replicas: 5 };
        }),
      ),
      patch(
        'scale below zero',
        `${path('deployments', apps)}/web/scale`,
        'merge',
        { spec: { replicas: -1 } },
      ),
      rows('table of deployments', path('deployments', apps)),
      post(
        'deployment with limits alone',
        path('deployments', apps),
        named('limited', {
          selector,
          template: {
            ...template,
            spec: {
              containers: [
                { ...container, resources: { limits: { cpu: '1' } } },
              ],
            },
          },
        }),
      ),
      post(
        'stateful set that mounts its claim',
        path('statefulsets', apps),
        named('mounting', {
          selector,
          template: {
            ...template,
            spec: {
              containers: [
                {
                  ...container,
                  volumeMounts: [{ name: 'data', mountPath: '/data' }],
                },
              ],
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
        }),
      ),
      post(
        'replica set',
        path('replicasets', apps),
        named('web', { selector, template }),
      ),
      post(
        'stateful set',
        path('statefulsets', apps),
        named('web', {
          selector,
          template,
          serviceName: 'web',
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
              },
            },
          ],
        }),
      ),
      patch(
        'stateful set: another service',
        `${path('statefulsets', apps)}/web`,
        'merge',
        { spec: { serviceName: 'other' } },
      ),
      patch(
        'stateful set: replicas',
        `${path('statefulsets', apps)}/web`,
        'merge',
        { spec: { replicas: 2 } },
      ),
      post(
        'daemon set',
        path('daemonsets', apps),
        named('web', { selector, template }),
      ),
      post(
        'replication controller',
        path('replicationcontrollers'),
        named('web', { selector: labels, template }),
      ),
      post('controller revision', path('controllerrevisions', apps), {
        metadata: { name: 'one' },
        revision: 1,
        data: { any: { thing: 1 } },
      }),
      rows('table of replica sets', path('replicasets', apps)),
      rows('table of stateful sets', path('statefulsets', apps)),
      rows('table of daemon sets', path('daemonsets', apps)),
      remove('delete', `${path('deployments', apps)}/web`),
    ],
  },
  {
    name: 'kinds: batch',
    steps: [
      post(
        'job',
        path('jobs', 'batch/v1'),
        named('once', {
          template: {
            spec: { containers: [container], restartPolicy: 'Never' },
          },
        }),
      ),
      post(
        'job that restarts always',
        path('jobs', 'batch/v1'),
        named('bad', { template: { spec: { containers: [container] } } }),
      ),
      patch(
        'job: another image',
        `${path('jobs', 'batch/v1')}/once`,
        'strategic',
        {
          spec: {
            template: { spec: { containers: [{ name: 'web', image: 'x' }] } },
          },
        },
      ),
      patch('job: suspend', `${path('jobs', 'batch/v1')}/once`, 'merge', {
        spec: { suspend: true },
      }),
      rows('table of jobs', path('jobs', 'batch/v1')),
      remove('delete job', `${path('jobs', 'batch/v1')}/once`),
      post(
        'cron job',
        path('cronjobs', 'batch/v1'),
        named('nightly', {
          schedule: '0 3 * * *',
          jobTemplate: {
            spec: {
              template: {
                spec: { containers: [container], restartPolicy: 'OnFailure' },
              },
            },
          },
        }),
      ),
      post(
        'cron job with a bad schedule',
        path('cronjobs', 'batch/v1'),
        named('bad', {
          schedule: 'often',
          jobTemplate: {
            spec: {
              template: {
                spec: { containers: [container], restartPolicy: 'Never' },
              },
            },
          },
        }),
      ),
      post(
        'cron job without anything',
        path('cronjobs', 'batch/v1'),
        named('bad', {}),
      ),
      rows('table of cron jobs', path('cronjobs', 'batch/v1')),
    ],
  },
  {
    name: 'kinds: pods',
    steps: [
      post('without its account', path('pods'), named('rich', rich)),
      silently(
        post('account', path('serviceaccounts'), {
          metadata: { name: 'builder' },
          imagePullSecrets: [{ name: 'pull' }],
        }),
      ),
      post('rich', path('pods'), named('rich', rich)),
      post('plain', path('pods'), named('plain', { containers: [container] })),
      post('no containers', path('pods'), named('none', { containers: [] })),
      post(
        'bad container',
        path('pods'),
        named('bad', {
          containers: [
            {
              name: 'A_',
              image: '',
              ports: [{ containerPort: 0 }],
              volumeMounts: [{ name: 'x', mountPath: '' }],
            },
          ],
        }),
      ),
      post(
        'two of a name',
        path('pods'),
        named('bad', { containers: [container, container] }),
      ),
      post(
        'requests over limits',
        path('pods'),
        named('bad', {
          containers: [
            {
              ...container,
              resources: { limits: { cpu: '1' }, requests: { cpu: '2' } },
            },
          ],
        }),
      ),
      post(
        'bad quantity',
        path('pods'),
        named('bad', {
          containers: [
            { ...container, resources: { limits: { cpu: 'lots' } } },
          ],
        }),
      ),
      post(
        'unknown policy',
        path('pods'),
        named('bad', { containers: [container], restartPolicy: 'Sometimes' }),
      ),
      post(
        'unknown priority class',
        path('pods'),
        named('bad', { containers: [container], priorityClassName: 'none' }),
      ),
      patch('another image', `${path('pods')}/plain`, 'strategic', {
        spec: { containers: [{ name: 'web', image: 'x' }] },
      }),
      patch('another command', `${path('pods')}/plain`, 'strategic', {
        spec: { containers: [{ name: 'web', command: ['x'] }] },
      }),
      patch('annotate', `${path('pods')}/plain`, 'merge', {
        metadata: { annotations: { a: 'b' } },
      }),
      patch('status', `${path('pods')}/plain/status`, 'merge', {
        status: {
          phase: 'Running',
          podIP: '10.0.0.1',
          podIPs: [{ ip: '10.0.0.1' }],
          conditions: [
            { type: 'Ready', status: 'True', lastTransitionTime: null },
          ],
        },
      }),
      {
        ...post('bind', `${path('pods')}/rich/binding`, {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: 'rich' },
          target: { kind: 'Node', name: 'somewhere' },
        }),
      },
      post('bind again', `${path('pods')}/rich/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'rich' },
        target: { kind: 'Node', name: 'elsewhere' },
      }),
      rows('table', path('pods')),
      get(
        'by phase',
        `${path('pods')}?fieldSelector=status.phase%3DRunning,spec.nodeName%3D`,
      ),
      silently(
        post('budget', path('poddisruptionbudgets', 'policy/v1'), {
          metadata: { name: 'web' },
          spec: { minAvailable: 1, selector: {} },
        }),
      ),
      post('evict against a budget', `${path('pods')}/plain/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'plain' },
      }),
      remove('gracefully, on a node', `${path('pods')}/rich`, {
        gracePeriodSeconds: 20,
      }),
      remove('sooner', `${path('pods')}/rich`, { gracePeriodSeconds: 5 }),
      remove('later does not count', `${path('pods')}/rich`, {
        gracePeriodSeconds: 60,
      }),
      remove('at once', `${path('pods')}/rich`, { gracePeriodSeconds: 0 }),
      remove('on no node', `${path('pods')}/plain`),
      get('gone', `${path('pods')}/plain`),
      get('log of none', `${path('pods')}/plain/log`),
    ],
  },
  {
    name: 'kinds: services',
    steps: [
      post(
        'cluster address',
        path('services'),
        named('web', { selector: labels, ports: [{ port: 80 }] }),
      ),
      post(
        'headless',
        path('services'),
        named('headless', {
          clusterIP: 'None',
          selector: labels,
          ports: [{ name: 'db', port: 5432, targetPort: 'db' }],
        }),
      ),
      post(
        'external name',
        path('services'),
        named('external', {
          type: 'ExternalName',
          externalName: 'example.com',
        }),
      ),
      post(
        'node port',
        path('services'),
        named('ported', {
          type: 'NodePort',
          ports: [{ port: 80, nodePort: 30123 }],
        }),
      ),
      post(
        'session affinity',
        path('services'),
        named('sticky', { sessionAffinity: 'ClientIP', ports: [{ port: 80 }] }),
      ),
      post('no ports', path('services'), named('bad', {})),
      post(
        'two without names',
        path('services'),
        named('bad', { ports: [{ port: 80 }, { port: 81 }] }),
      ),
      post(
        'bad port',
        path('services'),
        named('bad', { ports: [{ port: 70000 }] }),
      ),
      post(
        'bad name',
        path('services'),
        named('1bad', { ports: [{ port: 80 }] }),
      ),
      post(
        'unknown type',
        path('services'),
        named('bad', { type: 'Other', ports: [{ port: 80 }] }),
      ),
      patch('another address', `${path('services')}/web`, 'merge', {
        spec: { clusterIP: '10.96.99.99', clusterIPs: ['10.96.99.99'] },
      }),
      patch('another port', `${path('services')}/web`, 'strategic', {
        spec: {
          ports: [
            { port: 81, name: 'more' },
            { port: 80, name: 'first' },
          ],
        },
      }),
      put('without its address', `${path('services')}/web`, {
        metadata: { name: 'web' },
        spec: { selector: labels, ports: [{ port: 80 }] },
      }),
      {
        ...rows('table', path('services')),
        record: a =>
          (columnsAndCells(a.body).rows as unknown[][]).map(r => [
            r[0],
            r[1],
            r[3],
            r[4],
          ]),
      },
      get('proxy without endpoints', `${path('services')}/web/proxy/`),
      remove('delete', `${path('services')}/web`),
      post('endpoints', path('endpoints'), {
        metadata: { name: 'web' },
        subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }],
      }),
      post('endpoint slice', path('endpointslices', 'discovery.k8s.io/v1'), {
        metadata: { name: 'web' },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'] }],
        ports: [{ port: 80 }],
      }),
      post(
        'ingress',
        path('ingresses', 'networking.k8s.io/v1'),
        named('web', {
          rules: [
            {
              host: 'a.example.com',
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
        }),
      ),
      post(
        'ingress with a bad host',
        path('ingresses', 'networking.k8s.io/v1'),
        named('bad', { rules: [{ host: 'UPPER.example.com' }] }),
      ),
      post(
        'empty ingress',
        path('ingresses', 'networking.k8s.io/v1'),
        named('bad', {}),
      ),
      post(
        'network policy',
        path('networkpolicies', 'networking.k8s.io/v1'),
        named('web', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }),
      ),
      rows('table of ingresses', path('ingresses', 'networking.k8s.io/v1')),
    ],
  },
  {
    name: 'kinds: configuration',
    steps: [
      post('secret', path('secrets'), {
        metadata: { name: 'one' },
        data: { a: 'YQ==' },
        stringData: { b: 'text', a: 'wins' },
      }),
      post('secret with a type', path('secrets'), {
        metadata: { name: 'tls' },
        type: 'kubernetes.io/tls',
        data: {},
      }),
      post('secret that is no base64', path('secrets'), {
        metadata: { name: 'bad' },
        data: { a: '***' },
      }),
      post('secret with a bad key', path('secrets'), {
        metadata: { name: 'bad' },
        data: { 'a b': '' },
      }),
      patch('secret of another type', `${path('secrets')}/one`, 'merge', {
        type: 'x',
      }),
      post('immutable', path('configmaps'), {
        metadata: { name: 'fixed' },
        data: { a: 'b' },
        immutable: true,
      }),
      patch(
        'change what is immutable',
        `${path('configmaps')}/fixed`,
        'merge',
        { data: { a: 'c' } },
      ),
      patch('make it mutable', `${path('configmaps')}/fixed`, 'merge', {
        immutable: false,
      }),
      post('binary data', path('configmaps'), {
        metadata: { name: 'binary' },
        binaryData: { a: 'AAE=' },
        data: {},
      }),
      post('service account', path('serviceaccounts'), {
        metadata: { name: 'builder' },
        secrets: [{ name: 'x' }],
        automountServiceAccountToken: false,
      }),
      post('event', path('events'), {
        metadata: { name: 'happened' },
        involvedObject: { kind: 'Pod', name: 'x', namespace: '{ns}' },
        reason: 'Started',
        message: 'It started',
        type: 'Normal',
        firstTimestamp: inSeconds,
        lastTimestamp: inSeconds,
        count: 1,
        source: { component: 'kubelet' },
      }),
      get(
        'event, newer form',
        `${path('events', 'events.k8s.io/v1')}/happened`,
      ),
      post('event elsewhere', path('events'), {
        metadata: { name: 'elsewhere' },
        involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' },
      }),
      post('newer event', path('events', 'events.k8s.io/v1'), {
        metadata: { name: 'newer' },
        regarding: { kind: 'Pod', name: 'x', namespace: '{ns}' },
        reason: 'Started',
        note: 'It started',
        type: 'Normal',
        action: 'Start',
        eventTime: inMicroseconds,
        reportingController: 'example.com/x',
        reportingInstance: 'x-1',
      }),
      get('newer event, older form', `${path('events')}/newer`),
      get(
        'events by object',
        `${path(
          'events',
        )}?fieldSelector=involvedObject.name%3Dx,reason%3DStarted,type%3DNormal`,
      ),
      rows('table of events', path('events')),
      rows('table of secrets', path('secrets')),
      kept(
        post(
          'limit range',
          path('limitranges'),
          named('limits', { limits: [{ type: 'Pod', max: { cpu: '2' } }] }),
        ),
      ),
      kept(
        post(
          'quota',
          path('resourcequotas'),
          named('quota', { hard: { pods: '10' } }),
        ),
      ),
      post(
        'autoscaler',
        path('horizontalpodautoscalers', 'autoscaling/v2'),
        named('web', {
          scaleTargetRef: {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            name: 'web',
          },
          maxReplicas: 3,
        }),
      ),
      get(
        'autoscaler, older version',
        `${path('horizontalpodautoscalers', 'autoscaling/v1')}/web`,
      ),
      post(
        'older autoscaler',
        path('horizontalpodautoscalers', 'autoscaling/v1'),
        named('old', {
          scaleTargetRef: {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            name: 'web',
          },
          maxReplicas: 3,
          targetCPUUtilizationPercentage: 50,
        }),
      ),
      get(
        'older autoscaler, newer version',
        `${path('horizontalpodautoscalers', 'autoscaling/v2')}/old`,
      ),
      post(
        'impossible autoscaler',
        path('horizontalpodautoscalers', 'autoscaling/v2'),
        named('bad', {
          scaleTargetRef: { kind: '', name: '' },
          minReplicas: 5,
          maxReplicas: 3,
        }),
      ),
      post(
        'disruption budget',
        path('poddisruptionbudgets', 'policy/v1'),
        named('web', { minAvailable: '50%', selector }),
      ),
      post(
        'disruption budget with both',
        path('poddisruptionbudgets', 'policy/v1'),
        named('bad', { minAvailable: 1, maxUnavailable: 1, selector }),
      ),
      put(
        'disruption budget without a version',
        `${path('poddisruptionbudgets', 'policy/v1')}/web`,
        named('web', { minAvailable: 1, selector }),
      ),
      rows(
        'table of autoscalers',
        path('horizontalpodautoscalers', 'autoscaling/v2'),
      ),
      rows(
        'table of disruption budgets',
        path('poddisruptionbudgets', 'policy/v1'),
      ),
    ],
  },
  {
    name: 'kinds: storage',
    steps: [
      post(
        'claim',
        path('persistentvolumeclaims'),
        named('data', {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1024Mi' } },
          storageClassName: 'manual',
        }),
      ),
      post(
        'claim without anything',
        path('persistentvolumeclaims'),
        named('bad', {}),
      ),
      post(
        'claim with a bad mode',
        path('persistentvolumeclaims'),
        named('bad', {
          accessModes: ['Sometimes'],
          resources: { requests: { storage: '0' } },
        }),
      ),
      patch(
        'claim: another class',
        `${path('persistentvolumeclaims')}/data`,
        'merge',
        { spec: { storageClassName: 'other' } },
      ),
      patch(
        'claim: bind it',
        `${path('persistentvolumeclaims')}/data`,
        'merge',
        { spec: { volumeName: 'contract-volume' } },
      ),
      patch(
        'claim: status',
        `${path('persistentvolumeclaims')}/data/status`,
        'merge',
        {
          status: {
            phase: 'Bound',
            capacity: { storage: '1Gi' },
            accessModes: ['ReadWriteOnce'],
          },
        },
      ),
      patch('claim: less', `${path('persistentvolumeclaims')}/data`, 'merge', {
        spec: { resources: { requests: { storage: '1Mi' } } },
      }),
      rows('table of claims', path('persistentvolumeclaims')),
      remove('delete claim', `${path('persistentvolumeclaims')}/data`),
      post(
        'volume',
        cluster('persistentvolumes'),
        named('contract-volume', {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path: '/x' },
        }),
      ),
      post(
        'volume without anything',
        cluster('persistentvolumes'),
        named('bad', {}),
      ),
      patch(
        'volume: another path',
        `${cluster('persistentvolumes')}/contract-volume`,
        'merge',
        { spec: { hostPath: { path: '/y' } } },
      ),
      patch(
        'volume: phase',
        `${cluster('persistentvolumes')}/contract-volume/status`,
        'merge',
        { status: { phase: 'Bound' } },
      ),
      rows('table of volumes', cluster('persistentvolumes')),
      patch(
        'volume: release',
        `${cluster('persistentvolumes')}/contract-volume`,
        'merge',
        { metadata: { finalizers: null } },
      ),
      remove(
        'delete volume',
        `${cluster('persistentvolumes')}/contract-volume`,
      ),
      post('class', cluster('storageclasses', 'storage.k8s.io/v1'), {
        metadata: { name: 'contract-class' },
        provisioner: 'example.com/x',
      }),
      patch(
        'class: another provisioner',
        `${cluster('storageclasses', 'storage.k8s.io/v1')}/contract-class`,
        'merge',
        { provisioner: 'y' },
      ),
      rows('table of classes', cluster('storageclasses', 'storage.k8s.io/v1')),
      remove(
        'delete class',
        `${cluster('storageclasses', 'storage.k8s.io/v1')}/contract-class`,
      ),
      post(
        'driver',
        cluster('csidrivers', 'storage.k8s.io/v1'),
        named('contract.example.com', {}),
      ),
      silently(
        remove(
          'delete driver',
          `${cluster('csidrivers', 'storage.k8s.io/v1')}/contract.example.com`,
        ),
      ),
    ],
  },
  {
    name: 'kinds: nodes',
    namespace: false,
    steps: [
      post(
        'node',
        cluster('nodes'),
        named('contract-node', {}, { status: { capacity: { cpu: '2' } } }),
      ),
      patch('status', `${cluster('nodes')}/contract-node/status`, 'merge', {
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          nodeInfo: { kubeletVersion: 'v1.34.1' },
        },
      }),
      {
        ...rows('table', cluster('nodes')),
        record: a =>
          (columnsAndCells(a.body).rows as unknown[][]).map(r => r.slice(0, 3)),
      },
      remove('delete', `${cluster('nodes')}/contract-node`),
      post(
        'priority class',
        cluster('priorityclasses', 'scheduling.k8s.io/v1'),
        { metadata: { name: 'contract' }, value: 5 },
      ),
      remove(
        'delete priority class',
        `${cluster('priorityclasses', 'scheduling.k8s.io/v1')}/contract`,
      ),
    ],
  },
];
