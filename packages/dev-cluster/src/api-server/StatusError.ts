import { JsonObject } from './json';

export interface StatusCause {
  reason: string;
  message: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** What went wrong with one field; texts as in apimachinery's pkg/util/validation/field. */
export interface FieldError {
  type:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid';
  field: string;
  message: string;
}

/** An answer other than success: a Kubernetes Status with its HTTP code. */
export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: StatusDetails,
  ) {
    super(message);
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason ? { reason: this.reason } : {}),
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

export interface ResourceName {
  group: string;
  plural: string;
}

export function groupResource({ group, plural }: ResourceName): string {
  return group ? `${plural}.${group}` : plural;
}

const details = (
  { group, plural }: ResourceName,
  name: string,
): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(group ? { group } : {}),
  kind: plural,
});

export const notFound = (type: ResourceName, name: string) =>
  new StatusError(
    404,
    'NotFound',
    `${groupResource(type)} "${name}" not found`,
    details(type, name),
  );

/** The path leads nowhere: no such resource, group or verb. */
export const noSuchPath = () =>
  new StatusError(
    404,
    'NotFound',
    'the server could not find the requested resource',
    {},
  );

export const alreadyExists = (type: ResourceName, name: string) =>
  new StatusError(
    409,
    'AlreadyExists',
    `${groupResource(type)} "${name}" already exists`,
    details(type, name),
  );

export const conflict = (type: ResourceName, name: string, why: string) =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(type)} "${name}": ${why}`,
    details(type, name),
  );

export const staleWrite = (type: ResourceName, name: string) =>
  conflict(
    type,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

export const forbidden = (type: ResourceName, name: string, why: string) =>
  new StatusError(
    403,
    'Forbidden',
    name
      ? `${groupResource(type)} "${name}" is forbidden: ${why}`
      : `${groupResource(type)} is forbidden: ${why}`,
    details(type, name),
  );

export const badRequest = (message: string) =>
  new StatusError(400, 'BadRequest', message);

export const unauthorized = () =>
  new StatusError(401, 'Unauthorized', 'Unauthorized');

export const methodNotAllowed = (message: string) =>
  new StatusError(405, 'MethodNotAllowed', message);

export const methodNotSupported = (type: ResourceName, verb: string) =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind "${groupResource(type)}"`,
    details(type, ''),
  );

export const unsupportedMediaType = (message: string) =>
  new StatusError(415, 'UnsupportedMediaType', message);

export const notAcceptable = (message: string) =>
  new StatusError(406, 'NotAcceptable', message);

/** The version asked for is no longer in the watch window. */
export const expired = (message: string) =>
  new StatusError(410, 'Expired', message);

/** 422: an option of the request is not valid (`dryRun`, `resourceVersionMatch`, …). */
export const invalidOption = (kind: string, error: FieldError) =>
  invalid({ group: 'meta.k8s.io', kind }, '', [error]);

/** 422: the object is not valid; one cause per field, all named in the message as the real server does. */
export function invalid(
  type: { group: string; kind: string },
  name: string,
  errors: FieldError[],
): StatusError {
  const unique = [...new Set(errors.map(e => `${e.field}: ${e.message}`))];
  const list = unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`;
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind;
  return new StatusError(
    422,
    'Invalid',
    `${kind} "${name}" is invalid: ${list}`,
    {
      ...(name ? { name } : {}),
      ...(type.group ? { group: type.group } : {}),
      kind: type.kind,
      causes: errors.map(e => ({
        reason: e.type,
        message: e.message,
        field: e.field,
      })),
    },
  );
}

const quoted = (value: unknown) =>
  value === undefined ? 'null' : JSON.stringify(value);

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: detail ? `Required value: ${detail}` : 'Required value',
});

export const invalidValue = (
  field: string,
  value: unknown,
  detail: string,
): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${quoted(value)}: ${detail}`,
});

export const unsupportedValue = (
  field: string,
  value: unknown,
  supported: string[],
): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${quoted(value)}: supported values: ${supported
    .map(v => JSON.stringify(v))
    .join(', ')}`,
});

export const forbiddenValue = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${detail}`,
});

export const duplicateValue = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${quoted(value)}`,
});

export const tooLong = (field: string, max: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${max} bytes`,
});
