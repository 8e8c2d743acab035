import { KubeObject } from '../KubeObject';
import {
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
import { quantityValue } from '../schema/quantity';
import { objects } from './podDefaults';
import { isDnsSubdomain, subdomainMessage } from './validateMetadata';

const accessModes = [
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOnce',
  'ReadWriteOncePod',
];
const volumeModes = ['Block', 'Filesystem'];
const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Where a PersistentVolume may be, in the order in which Kubernetes looks: the second one is refused. */
const volumeSources = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
];

function validateAccessModes(spec: JsonObject): FieldError[] {
  const field = 'spec.accessModes';
  const modes = listAt(spec, 'accessModes');
  if (modes.length === 0) {
    return [required(field, 'at least 1 access mode is required')];
  }
  const errors = modes
    .filter(mode => !accessModes.includes(String(mode)))
    .map(mode => unsupportedValue(field, mode, accessModes));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    errors.push(
      forbiddenValue(
        field,
        'may not use ReadWriteOncePod with other access modes',
      ),
    );
  }
  return errors;
}

function validateVolumeMode(spec: JsonObject): FieldError[] {
  return volumeModes.includes(stringAt(spec, 'volumeMode'))
    ? []
    : [unsupportedValue('spec.volumeMode', spec.volumeMode, volumeModes)];
}

const unchanged = (field: string, value: unknown, old: unknown): FieldError[] =>
  equal(value, old)
    ? []
    : [invalidValue(field, value ?? null, 'field is immutable')];

function validateSelector(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  objects(objectAt(spec, 'selector').matchExpressions).forEach(
    (expression, index) => {
      const field = `spec.selector.matchExpressions[${index}]`;
      const operator = stringAt(expression, 'operator');
      const values = listAt(expression, 'values').length;
      if (!operators.includes(operator)) {
        errors.push(
          invalidValue(
            `${field}.operator`,
            operator,
            'not a valid selector operator',
          ),
        );
      } else if (operator.endsWith('In') && values === 0) {
        errors.push(
          required(
            `${field}.values`,
            "must be specified when `operator` is 'In' or 'NotIn'",
          ),
        );
      } else if (!operator.endsWith('In') && values > 0) {
        errors.push(
          forbiddenValue(
            `${field}.values`,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          ),
        );
      }
    },
  );
  return errors;
}

function validateDataSource(source: unknown, field: string): FieldError[] {
  if (!isObject(source)) return [];
  const errors: FieldError[] = [];
  if (!stringAt(source, 'name')) errors.push(required(`${field}.name`));
  const kind = stringAt(source, 'kind');
  if (!kind) errors.push(required(`${field}.kind`));
  const group = stringAt(source, 'apiGroup');
  if (!group && kind && kind !== 'PersistentVolumeClaim') {
    errors.push(
      invalidValue(
        field,
        kind,
        'must be "PersistentVolumeClaim" for the core API group',
      ),
    );
  }
  if (group && !isDnsSubdomain(group)) {
    errors.push(invalidValue(`${field}.apiGroup`, group, subdomainMessage));
  }
  return errors;
}

const storageOf = (spec: JsonObject) =>
  objectAt(spec, 'resources', 'requests').storage;
const amount = (quantity: unknown) => quantityValue(String(quantity)) ?? 0;

/** A claim without what may be changed: its size once it is bound, and its attributes class. */
function fixedPart(spec: JsonObject, bound: boolean): JsonObject {
  const { volumeAttributesClassName, resources, ...rest } = spec;
  const { storage, ...requests } = objectAt(spec, 'resources', 'requests');
  return {
    ...rest,
    resources: {
      ...(isObject(resources) ? resources : {}),
      requests: bound ? requests : { ...requests, size: amount(storage) },
    },
  };
}

function validateClaimUpdate(object: KubeObject, old: KubeObject) {
  const spec = objectAt(object, 'spec');
  const before = objectAt(old, 'spec');
  const bound = stringAt(object, 'status', 'phase') === 'Bound';
  const was = { ...before };
  // Both may be set once: by binding, and by a default class that came later.
  if (!before.volumeName) was.volumeName = spec.volumeName;
  was.storageClassName ??= spec.storageClassName;
  const errors: FieldError[] = [];
  const plain = (from: JsonObject) =>
    JSON.parse(JSON.stringify(fixedPart(from, bound))) as JsonObject;
  if (!equal(plain(spec), plain(was))) {
    errors.push(
      forbiddenValue(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  } else if (amount(storageOf(spec)) < amount(storageOf(before))) {
    errors.push(
      forbiddenValue(
        'spec.resources.requests.storage',
        'field can not be less than status.capacity',
      ),
    );
  }
  errors.push(...unchanged('volumeMode', spec.volumeMode, before.volumeMode));
  return errors;
}

/** pkg/apis/core/validation: ValidatePersistentVolumeClaim and its update. */
export function validatePersistentVolumeClaim(
  object: KubeObject,
  old?: KubeObject,
): FieldError[] {
  const spec = objectAt(object, 'spec');
  const errors = [
    ...validateAccessModes(spec),
    ...validateSelector(spec),
    ...validateDataSource(spec.dataSource, 'spec.dataSource'),
    ...validateDataSource(spec.dataSourceRef, 'spec.dataSourceRef'),
  ];
  const storage = storageOf(spec);
  if (storage === undefined) {
    errors.push(required('spec.resources[storage]'));
  } else if (amount(storage) <= 0) {
    errors.push(
      invalidValue(
        'spec.resources[storage]',
        storage,
        'must be greater than zero',
      ),
    );
  }
  errors.push(...validateVolumeMode(spec));
  const { dataSource, dataSourceRef } = spec;
  if (
    isObject(dataSource) &&
    isObject(dataSourceRef) &&
    !dataSourceRef.namespace &&
    !equal(dataSource, dataSourceRef)
  ) {
    errors.push(
      invalidValue('spec', 'spec.dataSource', 'must match dataSourceRef'),
    );
  }
  if (old) errors.push(...validateClaimUpdate(object, old));
  return errors;
}

function validateCsi(csi: unknown): FieldError[] {
  if (!isObject(csi)) return [];
  return ['driver', 'volumeHandle']
    .filter(field => !stringAt(csi, field))
    .map(field => required(`spec.csi.${field}`));
}

/** pkg/apis/core/validation: ValidatePersistentVolume and its update. */
export function validatePersistentVolume(
  object: KubeObject,
  old?: KubeObject,
): FieldError[] {
  const spec = objectAt(object, 'spec');
  const errors = validateAccessModes(spec);
  const { capacity } = spec;
  if (!isObject(capacity) || Object.keys(capacity).length === 0) {
    errors.push(
      required('spec.capacity'),
      unsupportedValue('spec.capacity', capacity ?? null, ['storage']),
    );
  }
  const policies = ['Delete', 'Recycle', 'Retain'];
  const policy = stringAt(spec, 'persistentVolumeReclaimPolicy');
  if (policy && !policies.includes(policy)) {
    errors.push(
      unsupportedValue('spec.persistentVolumeReclaimPolicy', policy, policies),
    );
  }
  errors.push(...validateVolumeMode(spec));
  const [first, ...others] = volumeSources.filter(
    source => spec[source] !== undefined,
  );
  if (!first) errors.push(required('spec', 'must specify a volume type'));
  for (const other of others) {
    errors.push(
      forbiddenValue(
        `spec.${other}`,
        'may not specify more than 1 volume type',
      ),
    );
  }
  if (others.length === 0) errors.push(...validateCsi(spec.csi));
  if (!old) return errors;
  const before = objectAt(old, 'spec');
  if (volumeSources.some(each => !equal(spec[each], before[each]))) {
    errors.push(
      forbiddenValue(
        'spec.persistentvolumesource',
        'spec.persistentvolumesource is immutable after creation',
      ),
    );
  }
  errors.push(...unchanged('volumeMode', spec.volumeMode, before.volumeMode));
  if (before.nodeAffinity !== undefined) {
    errors.push(
      ...unchanged('nodeAffinity', spec.nodeAffinity, before.nodeAffinity),
    );
  }
  return errors;
}

/** pkg/apis/storage/validation: ValidateStorageClass and its update. */
export function validateStorageClass(
  object: KubeObject,
  old?: KubeObject,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!stringAt(object, 'provisioner')) errors.push(required('provisioner'));
  const policies = ['Delete', 'Retain'];
  if (!policies.includes(stringAt(object, 'reclaimPolicy'))) {
    errors.push(
      unsupportedValue('reclaimPolicy', object.reclaimPolicy, policies),
    );
  }
  if (!old) return errors;
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy']) {
    if (!equal(object[field], old[field])) {
      errors.push(forbiddenValue(field, `updates to ${field} are forbidden.`));
    }
  }
  return [
    ...errors,
    ...unchanged(
      'volumeBindingMode',
      object.volumeBindingMode,
      old.volumeBindingMode,
    ),
  ];
}
