import { Cron } from 'croner';
import { KubeObject } from '../KubeObject';
import {
  duplicateValue,
  FieldError,
  forbiddenValue,
  invalidValue,
  required,
  unsupportedValue,
} from '../StatusError';
import {
  equal,
  isObject,
  JsonObject,
  listAt,
  objectAt,
  stringAt,
} from '../json';
import { labelSelectorObject } from '../selectors/labelSelector';
import { objects } from './podDefaults';
import { factsOf } from './facts';
import {
  isDnsLabel,
  isDnsSubdomain,
  labelMessage,
  nameProblems,
  subdomainMessage,
  validateFinalizerNames,
  validateLabels,
  validateMetadata,
  validateMetadataUpdate,
} from './validateMetadata';
import {
  validatePodSpec,
  validatePodUpdate,
  validatePort,
} from './validatePod';
import {
  validatePersistentVolume,
  validatePersistentVolumeClaim,
  validateStorageClass,
} from './validateStorage';
import { validateDefinition } from '../crd/validateDefinition';

type Validator = (object: KubeObject, old?: KubeObject) => FieldError[];

const immutable = (field: string, value: unknown, old: unknown): FieldError[] =>
  equal(value, old) ? [] : [invalidValue(field, value, 'field is immutable')];

function podTemplate(
  template: JsonObject,
  field: string,
  restartPolicies: string[],
): FieldError[] {
  const spec = objectAt(template, 'spec');
  const errors = [
    ...validateLabels(
      objectAt(template, 'metadata').labels,
      `${field}.metadata.labels`,
    ),
    ...validatePodSpec(spec, `${field}.spec`),
  ];
  const policy = stringAt(spec, 'restartPolicy');
  if (policy && !restartPolicies.includes(policy)) {
    const at = `${field}.spec.restartPolicy`;
    errors.push(
      restartPolicies.length > 1
        ? required(
            at,
            `valid values: ${restartPolicies
              .map(p => JSON.stringify(p))
              .join(', ')}`,
          )
        : unsupportedValue(at, policy, restartPolicies),
    );
  }
  return errors;
}

/** Selector and template of a workload: the one must be there and choose the other. */
function workload(kindHasMutableSelector: boolean): Validator {
  return (object, old) => {
    const spec = objectAt(object, 'spec');
    const errors: FieldError[] = [];
    const { selector } = spec;
    if (!isObject(selector)) {
      errors.push(required('spec.selector'));
    } else if (
      listAt(selector, 'matchExpressions').length === 0 &&
      Object.keys(objectAt(selector, 'matchLabels')).length === 0
    ) {
      errors.push(
        invalidValue(
          'spec.selector',
          selector,
          'empty selector is invalid for deployment',
        ),
      );
    } else {
      errors.push(
        ...validateLabels(selector.matchLabels, 'spec.selector.matchLabels'),
      );
    }
    errors.push(
      ...podTemplate(objectAt(spec, 'template'), 'spec.template', ['Always']),
    );
    const labels = objectAt(spec, 'template', 'metadata').labels as
      | { [name: string]: string }
      | undefined;
    if (!isObject(selector) || !labelSelectorObject(selector)(labels)) {
      errors.push(
        invalidValue(
          'spec.template.metadata.labels',
          labels ?? {},
          '`selector` does not match template `labels`',
        ),
      );
    }
    errors.push(...nonNegative(spec.replicas, 'spec.replicas'));
    if (old && !kindHasMutableSelector) {
      errors.push(
        ...immutable('spec.selector', selector, objectAt(old, 'spec').selector),
      );
    }
    return errors;
  };
}

function nonNegative(value: unknown, field: string): FieldError[] {
  return typeof value === 'number' && value < 0
    ? [invalidValue(field, value, 'must be greater than or equal to 0')]
    : [];
}

const statefulSet: Validator = (object, old) => {
  // Claims become volumes in the pods only: whether a mount has its volume is checked there.
  const errors = workload(true)(object, old).filter(
    ({ type, field }) =>
      type !== 'FieldValueNotFound' ||
      !/\.volumeMounts\[\d+\]\.name$/.test(field),
  );
  if (!old) return errors;
  const fixed = (from: KubeObject) => {
    const copy: JsonObject = { ...objectAt(from, 'spec') };
    for (const field of [
      'replicas',
      'ordinals',
      'template',
      'updateStrategy',
      'revisionHistoryLimit',
      'persistentVolumeClaimRetentionPolicy',
      'minReadySeconds',
    ]) {
      delete copy[field];
    }
    return copy;
  };
  if (!equal(fixed(object), fixed(old))) {
    errors.push(
      forbiddenValue(
        'spec',
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  }
  return errors;
};

const replicationController: Validator = object => {
  const spec = objectAt(object, 'spec');
  const errors: FieldError[] = [];
  const selector = objectAt(spec, 'selector');
  if (Object.keys(selector).length === 0)
    errors.push(required('spec.selector'));
  if (!isObject(spec.template)) errors.push(required('spec.template'));
  else errors.push(...podTemplate(spec.template, 'spec.template', ['Always']));
  return errors;
};

const pod: Validator = (object, old) => {
  const spec = objectAt(object, 'spec');
  return [
    ...validatePodSpec(spec, 'spec'),
    ...(old ? validatePodUpdate(spec, objectAt(old, 'spec'), equal) : []),
  ];
};

const service: Validator = (object, old) => {
  const spec = objectAt(object, 'spec');
  const errors: FieldError[] = [];
  const ports = objects(spec.ports);
  const type = stringAt(spec, 'type');
  const headless = spec.clusterIP === 'None';
  if (ports.length === 0 && type !== 'ExternalName' && !headless) {
    errors.push(required('spec.ports'));
  }
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    const name = stringAt(port, 'name');
    if (!name) {
      if (ports.length > 1) errors.push(required(`${at}.name`));
    } else if (!isDnsLabel(name)) {
      errors.push(invalidValue(`${at}.name`, name, labelMessage));
    } else if (names.has(name)) {
      errors.push(duplicateValue(`${at}.name`, name));
    }
    names.add(name);
    errors.push(...validatePort(port.port, `${at}.port`));
    if (!['TCP', 'UDP', 'SCTP'].includes(stringAt(port, 'protocol'))) {
      errors.push(
        unsupportedValue(`${at}.protocol`, port.protocol, [
          'SCTP',
          'TCP',
          'UDP',
        ]),
      );
    }
    if (typeof port.targetPort === 'number') {
      errors.push(...validatePort(port.targetPort, `${at}.targetPort`));
    }
  });
  const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
  if (!types.includes(type)) {
    errors.push(unsupportedValue('spec.type', type, types));
  }
  if (type === 'ExternalName' && !stringAt(spec, 'externalName')) {
    errors.push(required('spec.externalName'));
  }
  errors.push(...validateLabels(spec.selector, 'spec.selector'));
  if (old) {
    const before = objectAt(old, 'spec');
    if (
      before.clusterIP &&
      type !== 'ExternalName' &&
      before.type !== 'ExternalName' &&
      spec.clusterIP !== before.clusterIP
    ) {
      errors.push(
        invalidValue(
          'spec.clusterIPs[0]',
          listAt(spec, 'clusterIPs'),
          'may not change once set',
        ),
      );
    }
  }
  return errors;
};

const dataKey = /^[-._a-zA-Z0-9]+$/;

function dataKeys(object: KubeObject, field: string): FieldError[] {
  return Object.keys(objectAt(object, field))
    .filter(key => !dataKey.test(key) || key.length > 253)
    .map(key =>
      invalidValue(
        `${field}[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    );
}

function frozen(
  object: KubeObject,
  old: KubeObject | undefined,
  fields: string[],
) {
  if (!old || old.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true) {
    errors.push(
      forbiddenValue('immutable', 'field is immutable when `immutable` is set'),
    );
  }
  for (const field of fields) {
    if (!equal(object[field], old[field])) {
      errors.push(
        forbiddenValue(field, 'field is immutable when `immutable` is set'),
      );
    }
  }
  return errors;
}

const configMap: Validator = (object, old) => [
  ...dataKeys(object, 'data'),
  ...dataKeys(object, 'binaryData'),
  ...frozen(object, old, ['data', 'binaryData']),
];

const requiredSecretKeys: { [type: string]: string[] } = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

const secret: Validator = (object, old) => {
  const errors = dataKeys(object, 'data');
  const data = objectAt(object, 'data');
  for (const key of requiredSecretKeys[stringAt(object, 'type')] ?? []) {
    if (data[key] === undefined) errors.push(required(`data[${key}]`));
  }
  if (
    object.type === 'kubernetes.io/service-account-token' &&
    !object.metadata.annotations?.['kubernetes.io/service-account.name']
  ) {
    errors.push(
      required('metadata.annotations[kubernetes.io/service-account.name]'),
    );
  }
  if (old) errors.push(...immutable('type', object.type, old.type));
  return [...errors, ...frozen(object, old, ['data'])];
};

const job: Validator = (object, old) => {
  const spec = objectAt(object, 'spec');
  const errors = podTemplate(objectAt(spec, 'template'), 'spec.template', [
    'OnFailure',
    'Never',
  ]);
  for (const field of ['parallelism', 'completions', 'backoffLimit']) {
    errors.push(...nonNegative(spec[field], `spec.${field}`));
  }
  if (old) {
    const before = objectAt(old, 'spec');
    for (const field of [
      'completions',
      'selector',
      'template',
      'completionMode',
    ]) {
      errors.push(...immutable(`spec.${field}`, spec[field], before[field]));
    }
  }
  return errors;
};

const cronJob: Validator = object => {
  const spec = objectAt(object, 'spec');
  const errors: FieldError[] = [];
  const schedule = stringAt(spec, 'schedule');
  if (!schedule) errors.push(required('spec.schedule'));
  else if (!isSchedule(schedule)) {
    errors.push(
      invalidValue('spec.schedule', schedule, 'is not a valid cron expression'),
    );
  }
  const policies = ['Allow', 'Forbid', 'Replace'];
  if (!policies.includes(stringAt(spec, 'concurrencyPolicy'))) {
    errors.push(
      unsupportedValue(
        'spec.concurrencyPolicy',
        spec.concurrencyPolicy,
        policies,
      ),
    );
  }
  errors.push(
    ...podTemplate(
      objectAt(spec, 'jobTemplate', 'spec', 'template'),
      'spec.jobTemplate.spec.template',
      ['OnFailure', 'Never'],
    ),
  );
  if (object.metadata.name.length > 52) {
    errors.push(
      invalidValue(
        'metadata.name',
        object.metadata.name,
        'must be no more than 52 characters',
      ),
    );
  }
  return errors;
};

function isSchedule(schedule: string): boolean {
  if (
    /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(schedule)
  ) {
    return true;
  }
  if (/^@every \S+$/.test(schedule)) return true;
  if (schedule.trim().split(/\s+/).length !== 5) return false;
  try {
    return new Cron(schedule).nextRun() !== undefined;
  } catch {
    return false;
  }
}

function rules(object: KubeObject, namespaced: boolean): FieldError[] {
  return objects(object.rules).flatMap((rule, index) => {
    const field = `rules[${index}]`;
    const errors: FieldError[] = [];
    if (listAt(rule, 'verbs').length === 0) {
      errors.push(
        required(`${field}.verbs`, 'verbs must contain at least one value'),
      );
    }
    if (listAt(rule, 'nonResourceURLs').length > 0) {
      if (namespaced) {
        errors.push(
          invalidValue(
            `${field}.nonResourceURLs`,
            rule.nonResourceURLs,
            'namespaced rules cannot apply to non-resource URLs',
          ),
        );
      }
      return errors;
    }
    if (listAt(rule, 'apiGroups').length === 0) {
      errors.push(
        required(
          `${field}.apiGroups`,
          'resource rules must supply at least one api group',
        ),
      );
    }
    if (listAt(rule, 'resources').length === 0) {
      errors.push(
        required(
          `${field}.resources`,
          'resource rules must supply at least one resource',
        ),
      );
    }
    return errors;
  });
}

const binding =
  (kinds: string[]): Validator =>
  (object, old) => {
    const errors: FieldError[] = [];
    const ref = objectAt(object, 'roleRef');
    if (ref.apiGroup !== 'rbac.authorization.k8s.io') {
      errors.push(
        unsupportedValue('roleRef.apiGroup', ref.apiGroup, [
          'rbac.authorization.k8s.io',
        ]),
      );
    }
    if (!kinds.includes(stringAt(ref, 'kind'))) {
      errors.push(unsupportedValue('roleRef.kind', ref.kind ?? '', kinds));
    }
    if (!stringAt(ref, 'name')) errors.push(required('roleRef.name'));
    objects(object.subjects).forEach((subject, index) => {
      const field = `subjects[${index}]`;
      if (!stringAt(subject, 'name')) errors.push(required(`${field}.name`));
      const kind = stringAt(subject, 'kind');
      if (!['ServiceAccount', 'User', 'Group'].includes(kind)) {
        errors.push(
          unsupportedValue(`${field}.kind`, kind, [
            'Group',
            'ServiceAccount',
            'User',
          ]),
        );
      } else if (
        kind === 'ServiceAccount' &&
        !object.metadata.namespace &&
        !stringAt(subject, 'namespace')
      ) {
        errors.push(required(`${field}.namespace`));
      }
    });
    if (old && !equal(ref, objectAt(old, 'roleRef'))) {
      errors.push(invalidValue('roleRef', ref, 'cannot change roleRef'));
    }
    return errors;
  };

const horizontalPodAutoscaler: Validator = object => {
  const spec = objectAt(object, 'spec');
  const errors: FieldError[] = [];
  const max = Number(spec.maxReplicas);
  const min = Number(spec.minReplicas);
  if (max < 1) {
    errors.push(
      invalidValue(
        'spec.maxReplicas',
        spec.maxReplicas,
        'must be greater than 0',
      ),
    );
  }
  if (min < 1) {
    errors.push(
      invalidValue(
        'spec.minReplicas',
        spec.minReplicas,
        'must be greater than or equal to 1',
      ),
    );
  }
  if (max < min) {
    errors.push(
      invalidValue(
        'spec.maxReplicas',
        spec.maxReplicas,
        'must be greater than or equal to `minReplicas`',
      ),
    );
  }
  if (!stringAt(spec, 'scaleTargetRef', 'apiVersion')) {
    errors.push(
      invalidValue(
        'spec.scaleTargetRef.apiVersion',
        '',
        'apiVersion must specify API group',
      ),
    );
  }
  for (const field of ['kind', 'name']) {
    if (!stringAt(spec, 'scaleTargetRef', field)) {
      errors.push(required(`spec.scaleTargetRef.${field}`));
    }
  }
  return errors;
};

const ingress: Validator = object => {
  const spec = objectAt(object, 'spec');
  const rulesOf = objects(spec.rules);
  const errors: FieldError[] = [];
  if (rulesOf.length === 0 && spec.defaultBackend === undefined) {
    errors.push(
      invalidValue(
        'spec',
        {},
        'either `defaultBackend` or `rules` must be specified',
      ),
    );
  }
  rulesOf.forEach((rule, r) => {
    const host = stringAt(rule, 'host');
    if (host && !isDnsSubdomain(host.replace(/^\*\./, ''))) {
      errors.push(
        invalidValue(`spec.rules[${r}].host`, host, subdomainMessage),
      );
    }
    objects(objectAt(rule, 'http').paths).forEach((path, p) => {
      const field = `spec.rules[${r}].http.paths[${p}]`;
      if (!stringAt(path, 'pathType')) {
        errors.push(
          required(`${field}.pathType`, 'pathType must be specified'),
        );
      }
    });
  });
  return errors;
};

const podDisruptionBudget: Validator = object => {
  const spec = objectAt(object, 'spec');
  return spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
    ? [
        invalidValue(
          'spec',
          spec,
          'minAvailable and maxUnavailable cannot be both set',
        ),
      ]
    : [];
};

const lease: Validator = object => {
  const spec = objectAt(object, 'spec');
  const errors: FieldError[] = [];
  if (
    typeof spec.leaseDurationSeconds === 'number' &&
    spec.leaseDurationSeconds <= 0
  ) {
    errors.push(
      invalidValue(
        'spec.leaseDurationSeconds',
        spec.leaseDurationSeconds,
        'must be greater than 0',
      ),
    );
  }
  if (typeof spec.leaseTransitions === 'number' && spec.leaseTransitions < 0) {
    errors.push(
      invalidValue(
        'spec.leaseTransitions',
        spec.leaseTransitions,
        'must be greater than or equal to 0',
      ),
    );
  }
  return errors;
};

const event: Validator = (object, old) => {
  const errors: FieldError[] = [];
  const namespace = stringAt(object, 'involvedObject', 'namespace');
  const own = object.metadata.namespace ?? '';
  if (!old && namespace !== own && !(namespace === '' && own === 'default')) {
    errors.push(
      invalidValue(
        'involvedObject.namespace',
        namespace,
        'does not match event.namespace',
      ),
    );
  }
  return errors;
};

const serviceNames: Validator = object =>
  nameProblems(object.metadata.name, 'label1035').length > 0
    ? []
    : service(object);

const validators: { [collection: string]: Validator } = {
  pods: pod,
  services: (object, old) =>
    old ? service(object, old) : serviceNames(object),
  persistentvolumeclaims: validatePersistentVolumeClaim,
  persistentvolumes: validatePersistentVolume,
  configmaps: configMap,
  secrets: secret,
  events: event,
  replicationcontrollers: replicationController,
  podtemplates: object =>
    podTemplate(objectAt(object, 'template'), 'template', [
      'Always',
      'OnFailure',
      'Never',
    ]),
  'deployments.apps': workload(false),
  'replicasets.apps': workload(false),
  'daemonsets.apps': workload(false),
  'statefulsets.apps': statefulSet,
  'jobs.batch': job,
  'cronjobs.batch': cronJob,
  'roles.rbac.authorization.k8s.io': object => rules(object, true),
  'clusterroles.rbac.authorization.k8s.io': object => rules(object, false),
  'rolebindings.rbac.authorization.k8s.io': binding(['ClusterRole', 'Role']),
  'clusterrolebindings.rbac.authorization.k8s.io': binding(['ClusterRole']),
  'storageclasses.storage.k8s.io': validateStorageClass,
  'horizontalpodautoscalers.autoscaling': horizontalPodAutoscaler,
  'ingresses.networking.k8s.io': ingress,
  'poddisruptionbudgets.policy': podDisruptionBudget,
  'leases.coordination.k8s.io': lease,
  'customresourcedefinitions.apiextensions.k8s.io': validateDefinition,
};

/** All that is wrong with a built-in object that is to be stored in place of `old` (or new). */
export function validateBuiltIn(
  collection: string,
  object: KubeObject,
  old?: KubeObject,
): FieldError[] {
  const metadata = old
    ? validateMetadataUpdate(object, old)
    : validateMetadata(object, factsOf(collection, false).names);
  return [
    ...metadata,
    ...validateFinalizerNames(object),
    ...(validators[collection]?.(object, old) ?? []),
  ];
}
