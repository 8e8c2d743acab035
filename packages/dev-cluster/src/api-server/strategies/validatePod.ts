import {
  duplicateValue,
  FieldError,
  forbiddenValue,
  invalidValue,
  required,
  unsupportedValue,
} from '../StatusError';
import { isObject, JsonObject, listAt, objectAt, stringAt } from '../json';
import { objects } from './podDefaults';
import {
  isDnsLabel,
  isDnsSubdomain,
  labelMessage,
  subdomainMessage,
} from './validateMetadata';
import { quantityValue } from '../schema/quantity';

/** The parts of ValidatePodSpec (kubernetes pkg/apis/core/validation) that ordinary manifests run into. */
export function validatePodSpec(spec: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const volumes = new Set<string>();
  objects(spec.volumes).forEach((volume, index) => {
    const at = `${field}.volumes[${index}].name`;
    const name = stringAt(volume, 'name');
    if (!name) errors.push(required(at));
    else if (!isDnsLabel(name))
      errors.push(invalidValue(at, name, labelMessage));
    else if (volumes.has(name)) errors.push(duplicateValue(at, name));
    volumes.add(name);
  });
  const seen = new Set<string>();
  for (const list of ['containers', 'initContainers']) {
    objects(spec[list]).forEach((container, index) => {
      errors.push(
        ...validateContainer(
          container,
          `${field}.${list}[${index}]`,
          seen,
          volumes,
        ),
      );
    });
  }
  if (listAt(spec, 'containers').length === 0) {
    errors.push(required(`${field}.containers`));
  }
  const one = (name: string, allowed: string[]) => {
    const value = spec[name];
    if (value === undefined || value === '') {
      errors.push(required(`${field}.${name}`));
    } else if (!allowed.includes(String(value))) {
      errors.push(unsupportedValue(`${field}.${name}`, value, allowed));
    }
  };
  one('restartPolicy', ['Always', 'OnFailure', 'Never']);
  one('dnsPolicy', [
    'ClusterFirstWithHostNet',
    'ClusterFirst',
    'Default',
    'None',
  ]);
  const account = stringAt(spec, 'serviceAccountName');
  if (account && !isDnsSubdomain(account)) {
    errors.push(
      invalidValue(`${field}.serviceAccountName`, account, subdomainMessage),
    );
  }
  return errors;
}

function validateContainer(
  container: JsonObject,
  field: string,
  seen: Set<string>,
  volumes: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = stringAt(container, 'name');
  if (!name) errors.push(required(`${field}.name`));
  else if (!isDnsLabel(name)) {
    errors.push(invalidValue(`${field}.name`, name, labelMessage));
  } else if (seen.has(name)) errors.push(duplicateValue(`${field}.name`, name));
  seen.add(name);
  const image = stringAt(container, 'image');
  if (!image) errors.push(required(`${field}.image`));
  else if (image !== image.trim()) {
    errors.push(
      invalidValue(
        `${field}.image`,
        image,
        'must not have leading or trailing whitespace',
      ),
    );
  }
  objects(container.ports).forEach((port, index) => {
    const at = `${field}.ports[${index}]`;
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else
      errors.push(...validatePort(port.containerPort, `${at}.containerPort`));
    if (!['TCP', 'UDP', 'SCTP'].includes(stringAt(port, 'protocol'))) {
      errors.push(
        unsupportedValue(`${at}.protocol`, port.protocol, [
          'SCTP',
          'TCP',
          'UDP',
        ]),
      );
    }
  });
  objects(container.env).forEach((variable, index) => {
    const at = `${field}.env[${index}]`;
    const key = stringAt(variable, 'name');
    if (!key) errors.push(required(`${at}.name`));
    const from = variable.valueFrom;
    if (isObject(from)) {
      const count = Object.keys(from).length;
      if (count === 0) {
        errors.push(
          invalidValue(
            `${at}.valueFrom`,
            '',
            'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
          ),
        );
      } else if (stringAt(variable, 'value')) {
        errors.push(
          invalidValue(
            `${at}.valueFrom`,
            '',
            'may not be specified when `value` is not empty',
          ),
        );
      }
    }
  });
  const paths = new Set<string>();
  objects(container.volumeMounts).forEach((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`;
    const volume = stringAt(mount, 'name');
    if (!volume) errors.push(required(`${at}.name`));
    else if (!volumes.has(volume)) {
      errors.push({
        type: 'FieldValueNotFound',
        field: `${at}.name`,
        message: `Not found: ${JSON.stringify(volume)}`,
      });
    }
    const path = stringAt(mount, 'mountPath');
    if (!path) errors.push(required(`${at}.mountPath`));
    else if (paths.has(path)) {
      errors.push(invalidValue(`${at}.mountPath`, path, 'must be unique'));
    }
    paths.add(path);
  });
  const pull = container.imagePullPolicy;
  if (!['Always', 'IfNotPresent', 'Never'].includes(String(pull))) {
    errors.push(
      unsupportedValue(`${field}.imagePullPolicy`, pull, [
        'Always',
        'IfNotPresent',
        'Never',
      ]),
    );
  }
  const limits = objectAt(container, 'resources', 'limits');
  const requests = objectAt(container, 'resources', 'requests');
  for (const key of Object.keys(requests)) {
    const limit = limits[key];
    if (limit === undefined) continue;
    if (
      (quantityValue(String(requests[key])) ?? 0) >
      (quantityValue(String(limit)) ?? 0)
    ) {
      errors.push(
        invalidValue(
          `${field}.resources.requests`,
          String(requests[key]),
          `must be less than or equal to ${key} limit of ${limit}`,
        ),
      );
    }
  }
  return errors;
}

export function validatePort(value: unknown, field: string): FieldError[] {
  return typeof value === 'number' && value >= 1 && value <= 65535
    ? []
    : [invalidValue(field, value, 'must be between 1 and 65535, inclusive')];
}

/** What an update of a running pod's spec may change; everything else is fixed. */
export function validatePodUpdate(
  spec: JsonObject,
  old: JsonObject,
  same: (a: unknown, b: unknown) => boolean,
): FieldError[] {
  const mutable = (from: JsonObject): JsonObject => {
    const copy: JsonObject = { ...from };
    for (const field of [
      'activeDeadlineSeconds',
      'tolerations',
      'terminationGracePeriodSeconds',
    ]) {
      delete copy[field];
    }
    for (const list of ['containers', 'initContainers']) {
      if (Array.isArray(copy[list])) {
        copy[list] = objects(copy[list]).map(({ image, ...rest }) => rest);
      }
    }
    return copy;
  };
  return same(mutable(spec), mutable(old))
    ? []
    : [
        forbiddenValue(
          'spec',
          'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
        ),
      ];
}
