import { KubeObject } from '../KubeObject';
import {
  FieldError,
  forbiddenValue,
  invalidValue,
  required,
} from '../StatusError';
import { isObject } from '../json';
import { ResourceFacts } from './facts';

export const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
export const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualifiedMessage =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && label.test(text);
}

export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}

export function isQualifiedName(text: string): boolean {
  const parts = text.split('/');
  const name = parts[parts.length - 1];
  return (
    parts.length <= 2 &&
    name.length <= 63 &&
    qualified.test(name) &&
    (parts.length === 1 || isDnsSubdomain(parts[0]))
  );
}

/** What is wrong with a name, as apimachinery says it; empty when nothing is. */
export function nameProblems(
  name: string,
  rule: ResourceFacts['names'],
): string[] {
  switch (rule) {
    case 'any':
      return [];
    case 'path': {
      const problems = [];
      if (name === '.') problems.push("may not be '.'");
      if (name === '..') problems.push("may not be '..'");
      if (name.includes('/')) problems.push("may not contain '/'");
      if (name.includes('%')) problems.push("may not contain '%'");
      return problems;
    }
    case 'label':
      return [
        ...(name.length > 63 ? ['must be no more than 63 bytes'] : []),
        ...(label.test(name) ? [] : [labelMessage]),
      ];
    case 'label1035':
      return [
        ...(name.length > 63 ? ['must be no more than 63 bytes'] : []),
        ...(label1035.test(name) ? [] : [label1035Message]),
      ];
    default:
      return [
        ...(name.length > 253 ? ['must be no more than 253 bytes'] : []),
        ...(subdomain.test(name) ? [] : [subdomainMessage]),
      ];
  }
}

/** Labels wherever they occur: in metadata, selectors, templates. */
export function validateLabels(labels: unknown, field: string): FieldError[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const errors: FieldError[] = [];
    if (!isQualifiedName(key)) {
      errors.push(invalidValue(field, key, qualifiedMessage));
    }
    const text = String(value);
    if (text.length > 63) {
      errors.push(invalidValue(field, text, 'must be no more than 63 bytes'));
    } else if (text !== '' && !qualified.test(text)) {
      errors.push(invalidValue(field, text, valueMessage));
    }
    return errors;
  });
}

const annotationLimit = 256 * 1024;

function validateAnnotations(annotations: unknown, field: string) {
  if (!isObject(annotations)) return [];
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (!isQualifiedName(key.toLowerCase())) {
      errors.push(invalidValue(field, key, qualifiedMessage));
    }
    size += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (size > annotationLimit) {
    errors.push({
      type: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${annotationLimit} bytes`,
    });
  }
  return errors;
}

/** Metadata of any object (apimachinery, pkg/api/validation/objectmeta.go). */
export function validateMetadata(
  object: KubeObject,
  rule: ResourceFacts['names'],
): FieldError[] {
  const { metadata } = object;
  const errors: FieldError[] = [];
  if (metadata.generateName) {
    const prefix = metadata.generateName.replace(/-$/, 'a');
    for (const problem of nameProblems(prefix, rule)) {
      errors.push(
        invalidValue('metadata.generateName', metadata.generateName, problem),
      );
    }
  }
  if (!metadata.name) {
    errors.push(required('metadata.name', 'name or generateName is required'));
  } else {
    for (const problem of nameProblems(metadata.name, rule)) {
      errors.push(invalidValue('metadata.name', metadata.name, problem));
    }
  }
  return [...errors, ...validateFreeMetadata(object)];
}

function validateFreeMetadata({ metadata }: KubeObject): FieldError[] {
  const errors = [
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateLabels(metadata.labels, 'metadata.labels'),
  ];
  const owners = metadata.ownerReferences ?? [];
  owners.forEach(owner => {
    const field = 'metadata.ownerReferences';
    if (!owner.apiVersion) {
      errors.push(
        invalidValue(
          `${field}.apiVersion`,
          owner.apiVersion ?? '',
          'version must not be empty',
        ),
      );
    }
    for (const name of ['kind', 'name', 'uid'] as const) {
      if (!owner[name]) {
        errors.push(
          invalidValue(
            `${field}.${name}`,
            owner[name] ?? '',
            `${name === 'uid' ? 'uid' : name} must not be empty`,
          ),
        );
      }
    }
  });
  if (owners.filter(o => o.controller).length > 1) {
    errors.push(
      invalidValue(
        'metadata.ownerReferences',
        owners,
        'Only one reference can have Controller set to true.',
      ),
    );
  }
  for (const finalizer of metadata.finalizers ?? []) {
    if (!isQualifiedName(finalizer)) {
      errors.push(
        invalidValue('metadata.finalizers', finalizer, qualifiedMessage),
      );
    }
  }
  return errors;
}

/** Changes of metadata that no update may make. */
export function validateMetadataUpdate(
  object: KubeObject,
  old: KubeObject,
): FieldError[] {
  const errors = validateFreeMetadata(object);
  if (old.metadata.deletionTimestamp) {
    const before = old.metadata.finalizers ?? [];
    const added = (object.metadata.finalizers ?? []).filter(
      f => !before.includes(f),
    );
    if (added.length > 0) {
      errors.push(
        forbiddenValue(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added
            .map(f => JSON.stringify(f))
            .join(', ')}}`,
        ),
      );
    }
  }
  return errors;
}

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** Built-in kinds take only finalizers of Kubernetes or with a domain (kubernetes pkg/apis/core/validation). */
export function validateFinalizerNames({ metadata }: KubeObject): FieldError[] {
  return (metadata.finalizers ?? []).flatMap((finalizer, index) =>
    finalizer.includes('/') || standardFinalizers.includes(finalizer)
      ? []
      : [
          invalidValue(
            `metadata.finalizers[${index}]`,
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  );
}

/** What a client sent for fields that only the server sets; a field left out stays as it is. */
export function validateSystemFields(
  sent: KubeObject,
  old: KubeObject,
): FieldError[] {
  const fields = [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const;
  return fields
    .filter(
      field =>
        sent.metadata[field] !== undefined &&
        sent.metadata[field] !== old.metadata[field],
    )
    .map(field =>
      invalidValue(
        `metadata.${field}`,
        sent.metadata[field],
        'field is immutable',
      ),
    );
}
