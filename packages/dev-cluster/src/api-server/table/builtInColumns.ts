import { KubeObject } from '../KubeObject';
import { at, JsonObject, listAt, objectAt, stringAt } from '../json';
import { ResourceType } from '../resources/ResourceType';
import { objects } from '../strategies/podDefaults';
import { nameColumn } from './customColumns';
import { age, humanDuration } from './duration';
import type { Column } from './tableOf';

type Cell = Column['cell'];

const column = (
  name: string,
  cell: Cell,
  options: { type?: string; wide?: boolean } = {},
): Column => ({
  name,
  type: options.type ?? 'string',
  format: '',
  description: '',
  priority: options.wide ? 1 : 0,
  cell,
});
const wide = (name: string, cell: Cell) => column(name, cell, { wide: true });
const number = (name: string, cell: Cell) =>
  column(name, cell, { type: 'integer' });

const ageColumn = column('Age', (o, now) =>
  age(o.metadata.creationTimestamp, now),
);
const none = '<none>';
const text =
  (...path: string[]): Cell =>
  o => {
    const value = at(o, ...path);
    return value === undefined || value === null || value === ''
      ? none
      : String(value);
  };
const count =
  (...path: string[]): Cell =>
  o =>
    Number(at(o, ...path) ?? 0);
const keys =
  (...path: string[]): Cell =>
  o =>
    path.length === 0 ? 0 : Object.keys(objectAt(o, ...path)).length;

const equalities = (labels: JsonObject): string =>
  Object.keys(labels)
    .sort()
    .map(key => `${key}=${labels[key]}`)
    .join(',') || none;
const selector: Cell = o => {
  const found = objectAt(o, 'spec', 'selector');
  return equalities(objectAt(found, 'matchLabels'));
};
const templateContainers = (o: KubeObject) =>
  objects(listAt(o, 'spec', 'template', 'spec', 'containers'));
const containers: Cell = o =>
  templateContainers(o)
    .map(c => c.name)
    .join(',');
const images: Cell = o =>
  templateContainers(o)
    .map(c => c.image)
    .join(',');
/** The same cell of the Job that a CronJob makes. */
const jobTemplate =
  (cell: Cell): Cell =>
  (o, now) =>
    cell(
      { ...o, spec: objectAt(o, 'spec', 'jobTemplate', 'spec') } as KubeObject,
      now,
    );
const workloadWide = [
  wide('Containers', containers),
  wide('Images', images),
  wide('Selector', selector),
];

function podReady(pod: KubeObject): string {
  const statuses = objects(listAt(pod, 'status', 'containerStatuses'));
  return `${statuses.filter(s => s.ready).length}/${
    listAt(pod, 'spec', 'containers').length
  }`;
}

/** The word that kubectl shows for a pod (pkg/printers/internalversion, printPod). */
function podStatus(pod: KubeObject): string {
  let reason =
    stringAt(pod, 'status', 'reason') || stringAt(pod, 'status', 'phase');
  const initial = objects(listAt(pod, 'status', 'initContainerStatuses'));
  const total = listAt(pod, 'spec', 'initContainers').length;
  const pending = initial.findIndex(
    s => objectAt(s, 'state', 'terminated').exitCode !== 0,
  );
  if (pending >= 0) {
    const state = objectAt(initial[pending], 'state');
    const ended = objectAt(state, 'terminated');
    const waiting = stringAt(state, 'waiting', 'reason');
    if (state.terminated) {
      reason = `Init:${
        stringAt(ended, 'reason') || `ExitCode:${ended.exitCode}`
      }`;
    } else if (waiting && waiting !== 'PodInitializing') {
      reason = `Init:${waiting}`;
    } else {
      reason = `Init:${pending}/${total}`;
    }
  } else {
    for (const status of objects(
      listAt(pod, 'status', 'containerStatuses'),
    ).reverse()) {
      const waiting = stringAt(status, 'state', 'waiting', 'reason');
      const ended = objectAt(status, 'state').terminated as
        | JsonObject
        | undefined;
      if (waiting) reason = waiting;
      else if (ended) {
        reason = stringAt(ended, 'reason') || `ExitCode:${ended.exitCode}`;
      }
    }
  }
  return pod.metadata.deletionTimestamp ? 'Terminating' : reason;
}

function podRestarts(pod: KubeObject): string {
  return String(
    objects(listAt(pod, 'status', 'containerStatuses')).reduce(
      (sum, s) => sum + Number(s.restartCount ?? 0),
      0,
    ),
  );
}

const pods: Column[] = [
  nameColumn,
  column('Ready', podReady),
  column('Status', podStatus),
  column('Restarts', podRestarts),
  ageColumn,
  wide('IP', text('status', 'podIP')),
  wide('Node', text('spec', 'nodeName')),
  wide('Nominated Node', text('status', 'nominatedNodeName')),
  wide('Readiness Gates', () => none),
];

const ports: Cell = o =>
  objects(listAt(o, 'spec', 'ports'))
    .map(p =>
      p.nodePort
        ? `${p.port}:${p.nodePort}/${p.protocol}`
        : `${p.port}/${p.protocol}`,
    )
    .join(',') || none;
const externalIp: Cell = o => {
  if (at(o, 'spec', 'type') === 'ExternalName') {
    return stringAt(o, 'spec', 'externalName');
  }
  const given = objects(listAt(o, 'status', 'loadBalancer', 'ingress')).map(
    i => i.ip ?? i.hostname,
  );
  if (given.length) return given.join(',');
  return at(o, 'spec', 'type') === 'LoadBalancer' ? '<pending>' : none;
};

const accessModes = (list: unknown[]) =>
  list
    .map(
      m =>
        ({
          ReadWriteOnce: 'RWO',
          ReadOnlyMany: 'ROX',
          ReadWriteMany: 'RWX',
          ReadWriteOncePod: 'RWOP',
        }[String(m)] ?? ''),
    )
    .join(',');

const attributesClass: Cell = o =>
  stringAt(o, 'spec', 'volumeAttributesClassName') || '<unset>';

const boundOr: Cell = o =>
  o.metadata.deletionTimestamp ? 'Terminating' : stringAt(o, 'status', 'phase');

function jobDuration(job: KubeObject, now: Date): string {
  const start = stringAt(job, 'status', 'startTime');
  if (!start) return '';
  const end = stringAt(job, 'status', 'completionTime');
  const until = end ? Date.parse(end) : now.getTime();
  return humanDuration(Math.floor((until - Date.parse(start)) / 1000));
}

function jobStatus(job: KubeObject): string {
  const conditions = objects(listAt(job, 'status', 'conditions'));
  const has = (type: string) =>
    conditions.some(c => c.type === type && c.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  return has('Suspended') ? 'Suspended' : 'Running';
}

function endpointList(o: KubeObject): string {
  const all = objects(o.subsets).flatMap(subset =>
    objects(subset.addresses).flatMap(a => {
      const list = objects(subset.ports);
      return list.length ? list.map(p => `${a.ip}:${p.port}`) : [`${a.ip}`];
    }),
  );
  if (all.length === 0) return none;
  return all.length > 3
    ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...`
    : all.join(',');
}

function nodeStatus(node: KubeObject): string {
  const ready = objects(listAt(node, 'status', 'conditions')).find(
    c => c.type === 'Ready',
  );
  const known = ready?.status === 'True' ? 'Ready' : 'NotReady';
  const state = ready ? known : 'Unknown';
  return at(node, 'spec', 'unschedulable')
    ? `${state},SchedulingDisabled`
    : state;
}

function metricTarget(hpa: KubeObject): string {
  return (
    objects(listAt(hpa, 'spec', 'metrics'))
      .map(m => {
        const target = objectAt(m, 'resource', 'target');
        return m.type === 'Resource'
          ? `${objectAt(m, 'resource').name}: <unknown>/${
              target.averageUtilization !== undefined
                ? `${target.averageUtilization}%`
                : target.averageValue
            }`
          : `<unknown>/${String(m.type)}`;
      })
      .join(', ') || none
  );
}

const lastSeen: Cell = (o, now) =>
  age(
    at(o, 'lastTimestamp') ??
      at(o, 'deprecatedLastTimestamp') ??
      at(o, 'eventTime') ??
      o.metadata.creationTimestamp,
    now,
  );
const eventSource: Cell = o => {
  const source = objectAt(o, o.source ? 'source' : 'deprecatedSource');
  const parts = [
    source.component ||
      at(o, 'reportingComponent') ||
      at(o, 'reportingController'),
    source.host || at(o, 'reportingInstance'),
  ];
  return parts.filter(Boolean).join(', ');
};
const eventObject: Cell = o => {
  const object = objectAt(o, 'involvedObject');
  const shown = object.kind ? object : objectAt(o, 'regarding');
  return `${String(shown.kind ?? '').toLowerCase()}/${shown.name ?? ''}`;
};

const columns: { [collection: string]: Column[] } = {
  pods,
  'deployments.apps': [
    nameColumn,
    column(
      'Ready',
      o =>
        `${at(o, 'status', 'readyReplicas') ?? 0}/${at(o, 'spec', 'replicas')}`,
    ),
    column('Up-to-date', count('status', 'updatedReplicas')),
    column('Available', count('status', 'availableReplicas')),
    ageColumn,
    ...workloadWide,
  ],
  'replicasets.apps': [
    nameColumn,
    number('Desired', count('spec', 'replicas')),
    number('Current', count('status', 'replicas')),
    number('Ready', count('status', 'readyReplicas')),
    ageColumn,
    ...workloadWide,
  ],
  'statefulsets.apps': [
    nameColumn,
    column(
      'Ready',
      o =>
        `${at(o, 'status', 'readyReplicas') ?? 0}/${at(o, 'spec', 'replicas')}`,
    ),
    ageColumn,
    wide('Containers', containers),
    wide('Images', images),
  ],
  'daemonsets.apps': [
    nameColumn,
    number('Desired', count('status', 'desiredNumberScheduled')),
    number('Current', count('status', 'currentNumberScheduled')),
    number('Ready', count('status', 'numberReady')),
    number('Up-to-date', count('status', 'updatedNumberScheduled')),
    number('Available', count('status', 'numberAvailable')),
    column('Node Selector', o =>
      equalities(objectAt(o, 'spec', 'template', 'spec', 'nodeSelector')),
    ),
    ageColumn,
    ...workloadWide,
  ],
  'jobs.batch': [
    nameColumn,
    column('Status', jobStatus),
    column(
      'Completions',
      o =>
        `${at(o, 'status', 'succeeded') ?? 0}/${
          at(o, 'spec', 'completions') ?? 1
        }`,
    ),
    column('Duration', jobDuration),
    ageColumn,
    ...workloadWide,
  ],
  'cronjobs.batch': [
    nameColumn,
    column('Schedule', text('spec', 'schedule')),
    column('Timezone', text('spec', 'timeZone')),
    column('Suspend', o => (at(o, 'spec', 'suspend') ? 'True' : 'False'), {
      type: 'boolean',
    }),
    number('Active', o => listAt(o, 'status', 'active').length),
    column('Last Schedule', (o, now) =>
      at(o, 'status', 'lastScheduleTime')
        ? age(at(o, 'status', 'lastScheduleTime'), now)
        : none,
    ),
    ageColumn,
    wide('Containers', jobTemplate(containers)),
    wide('Images', jobTemplate(images)),
    wide('Selector', jobTemplate(selector)),
  ],
  services: [
    nameColumn,
    column('Type', text('spec', 'type')),
    column('Cluster-IP', text('spec', 'clusterIP')),
    column('External-IP', externalIp),
    column('Port(s)', ports),
    ageColumn,
    wide('Selector', o => equalities(objectAt(o, 'spec', 'selector'))),
  ],
  endpoints: [nameColumn, column('Endpoints', endpointList), ageColumn],
  configmaps: [
    nameColumn,
    column(
      'Data',
      o =>
        Number(keys('data')(o, new Date())) +
        Number(keys('binaryData')(o, new Date())),
    ),
    ageColumn,
  ],
  secrets: [
    nameColumn,
    column('Type', text('type')),
    column('Data', keys('data')),
    ageColumn,
  ],
  serviceaccounts: [
    nameColumn,
    number('Secrets', o => listAt(o, 'secrets').length),
    ageColumn,
  ],
  namespaces: [
    nameColumn,
    column('Status', text('status', 'phase')),
    ageColumn,
  ],
  nodes: [
    nameColumn,
    column('Status', nodeStatus),
    column(
      'Roles',
      o =>
        Object.keys(o.metadata.labels ?? {})
          .filter(l => l.startsWith('node-role.kubernetes.io/'))
          .map(l => l.slice('node-role.kubernetes.io/'.length))
          .join(',') || none,
    ),
    ageColumn,
    column('Version', text('status', 'nodeInfo', 'kubeletVersion')),
    wide(
      'Internal-IP',
      o =>
        objects(listAt(o, 'status', 'addresses')).find(
          a => a.type === 'InternalIP',
        )?.address ?? none,
    ),
    wide('OS-Image', text('status', 'nodeInfo', 'osImage')),
  ],
  persistentvolumes: [
    nameColumn,
    column('Capacity', text('spec', 'capacity', 'storage')),
    column('Access Modes', o => accessModes(listAt(o, 'spec', 'accessModes'))),
    column('Reclaim Policy', text('spec', 'persistentVolumeReclaimPolicy')),
    column('Status', boundOr),
    column('Claim', o => {
      const claim = objectAt(o, 'spec', 'claimRef');
      return claim.name ? `${claim.namespace}/${claim.name}` : '';
    }),
    column('StorageClass', o => stringAt(o, 'spec', 'storageClassName')),
    column('VolumeAttributesClass', attributesClass),
    column('Reason', o => stringAt(o, 'status', 'reason')),
    ageColumn,
    wide('VolumeMode', text('spec', 'volumeMode')),
  ],
  persistentvolumeclaims: [
    nameColumn,
    column('Status', boundOr),
    column('Volume', o => stringAt(o, 'spec', 'volumeName')),
    column('Capacity', o =>
      stringAt(o, 'spec', 'volumeName')
        ? stringAt(o, 'status', 'capacity', 'storage') || '0'
        : '',
    ),
    column('Access Modes', o =>
      stringAt(o, 'spec', 'volumeName')
        ? accessModes(listAt(o, 'status', 'accessModes'))
        : '',
    ),
    column('StorageClass', o => stringAt(o, 'spec', 'storageClassName')),
    column('VolumeAttributesClass', attributesClass),
    ageColumn,
    wide('VolumeMode', text('spec', 'volumeMode')),
  ],
  'storageclasses.storage.k8s.io': [
    {
      ...nameColumn,
      cell: o =>
        o.metadata.annotations?.[
          'storageclass.kubernetes.io/is-default-class'
        ] === 'true'
          ? `${o.metadata.name} (default)`
          : o.metadata.name,
    },
    column('Provisioner', text('provisioner')),
    column('ReclaimPolicy', text('reclaimPolicy')),
    column('VolumeBindingMode', text('volumeBindingMode')),
    column('AllowVolumeExpansion', o => at(o, 'allowVolumeExpansion') === true),
    ageColumn,
  ],
  events: [
    column('Last Seen', lastSeen),
    column('Type', o => stringAt(o, 'type')),
    column('Reason', o => stringAt(o, 'reason')),
    column('Object', eventObject),
    wide(
      'Subobject',
      o =>
        stringAt(o, 'involvedObject', 'fieldPath') ||
        stringAt(o, 'regarding', 'fieldPath'),
    ),
    wide('Source', eventSource),
    column('Message', o =>
      (stringAt(o, 'message') || stringAt(o, 'note')).trim(),
    ),
    wide('First Seen', (o, now) =>
      age(
        at(o, 'firstTimestamp') ??
          at(o, 'deprecatedFirstTimestamp') ??
          at(o, 'eventTime') ??
          o.metadata.creationTimestamp,
        now,
      ),
    ),
    wide('Count', o => at(o, 'count') ?? at(o, 'deprecatedCount') ?? 1),
    { ...nameColumn, priority: 1 },
  ],
  'horizontalpodautoscalers.autoscaling': [
    nameColumn,
    column('Reference', o => {
      const ref = objectAt(o, 'spec', 'scaleTargetRef');
      return `${ref.kind}/${ref.name}`;
    }),
    column('Targets', metricTarget),
    column('MinPods', text('spec', 'minReplicas')),
    column('MaxPods', count('spec', 'maxReplicas')),
    column('Replicas', count('status', 'currentReplicas')),
    ageColumn,
  ],
  'poddisruptionbudgets.policy': [
    nameColumn,
    column('Min Available', o =>
      String(at(o, 'spec', 'minAvailable') ?? 'N/A'),
    ),
    column('Max Unavailable', o =>
      String(at(o, 'spec', 'maxUnavailable') ?? 'N/A'),
    ),
    number('Allowed Disruptions', count('status', 'disruptionsAllowed')),
    ageColumn,
  ],
  'ingresses.networking.k8s.io': [
    nameColumn,
    column('Class', text('spec', 'ingressClassName')),
    column(
      'Hosts',
      o =>
        objects(listAt(o, 'spec', 'rules'))
          .map(r => r.host)
          .filter(Boolean)
          .join(',') || '*',
    ),
    column('Address', o =>
      objects(listAt(o, 'status', 'loadBalancer', 'ingress'))
        .map(i => i.ip ?? i.hostname)
        .join(','),
    ),
    column('Ports', o => (listAt(o, 'spec', 'tls').length ? '80, 443' : '80')),
    ageColumn,
  ],
  'networkpolicies.networking.k8s.io': [
    nameColumn,
    column('Pod-Selector', o =>
      equalities(objectAt(o, 'spec', 'podSelector', 'matchLabels')),
    ),
    ageColumn,
  ],
  'roles.rbac.authorization.k8s.io': [
    nameColumn,
    column('Created At', text('metadata', 'creationTimestamp')),
  ],
  'clusterroles.rbac.authorization.k8s.io': [
    nameColumn,
    column('Created At', text('metadata', 'creationTimestamp')),
  ],
  'rolebindings.rbac.authorization.k8s.io': [
    nameColumn,
    column('Role', roleOf),
    ageColumn,
    wide('Users', subjects('User')),
    wide('Groups', subjects('Group')),
    wide('ServiceAccounts', subjects('ServiceAccount')),
  ],
  'clusterrolebindings.rbac.authorization.k8s.io': [
    nameColumn,
    column('Role', roleOf),
    ageColumn,
    wide('Users', subjects('User')),
    wide('Groups', subjects('Group')),
    wide('ServiceAccounts', subjects('ServiceAccount')),
  ],
  'leases.coordination.k8s.io': [
    nameColumn,
    column('Holder', o => stringAt(o, 'spec', 'holderIdentity')),
    ageColumn,
  ],
  'priorityclasses.scheduling.k8s.io': [
    nameColumn,
    number('Value', count('value')),
    column('Global-Default', o => at(o, 'globalDefault') === true, {
      type: 'boolean',
    }),
    ageColumn,
    column('PreemptionPolicy', text('preemptionPolicy')),
  ],
  'endpointslices.discovery.k8s.io': [
    nameColumn,
    column('AddressType', text('addressType')),
    column(
      'Ports',
      o =>
        objects(o.ports)
          .map(p => p.port)
          .join(',') || '<unset>',
    ),
    column(
      'Endpoints',
      o =>
        objects(o.endpoints)
          .flatMap(e => listAt(e, 'addresses'))
          .join(',') || '<unset>',
    ),
    ageColumn,
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    nameColumn,
    column('Created At', text('metadata', 'creationTimestamp')),
  ],
};

function roleOf(binding: KubeObject): string {
  const ref = objectAt(binding, 'roleRef');
  return `${ref.kind}/${ref.name}`;
}

function subjects(kind: string): Cell {
  return o =>
    objects(o.subjects)
      .filter(s => s.kind === kind)
      .map(s =>
        kind === 'ServiceAccount' ? `${s.namespace}/${s.name}` : s.name,
      )
      .join(', ');
}

/** The columns of `kubectl get` for a built-in kind; name and age for one without its own. */
export function builtInColumns(type: ResourceType): Column[] {
  return columns[type.collection] ?? [nameColumn, ageColumn];
}
