import { ApiContext, timestamp, User } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import {
  alreadyExists,
  badRequest,
  conflict,
  FieldError,
  forbidden,
  invalid,
  invalidValue,
  notFound,
  staleWrite,
  StatusError,
} from '../StatusError';
import { equal, isObject } from '../json';
import { hasSubresource, ResourceType } from '../resources/ResourceType';
import { toServed, toStored } from '../convert/versions';
import { validateCustom } from '../crd/validateCustom';
import { factsOf } from '../strategies/facts';
import { generatedName } from '../strategies/generateName';
import { prepareCreate, prepareUpdate, WritePart } from '../strategies/prepare';
import { checkQuota } from '../strategies/quota';
import { validateBuiltIn } from '../strategies/validate';
import {
  validateMetadata,
  validateMetadataUpdate,
  validateSystemFields,
} from '../strategies/validateMetadata';
import { normalise } from './decodeObject';
import { finishDeletion } from './deleteObjects';

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

export interface WriteRequest {
  type: ResourceType;
  namespace?: string;
  user: User;
  dryRun: boolean;
}

/** Refuses new content in a namespace that is missing or on its way out (admission plugin NamespaceLifecycle). */
function checkNamespace(
  context: ApiContext,
  { type, namespace }: WriteRequest,
  name: string,
) {
  if (namespace === undefined) return;
  const found = context.storage.get('namespaces', undefined, namespace);
  if (!found) {
    throw notFound({ group: '', plural: 'namespaces' }, namespace);
  }
  if (found.metadata.deletionTimestamp) {
    const error = forbidden(
      type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    throw new StatusError(error.code, error.reason, error.message, {
      ...error.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    });
  }
}

function placeInNamespace(
  object: KubeObject,
  { type, namespace }: WriteRequest,
) {
  const { metadata } = object;
  if (!type.namespaced) {
    if (metadata.namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    return;
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  metadata.namespace = namespace;
}

function validate(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
): FieldError[] {
  if (!type.custom) return validateBuiltIn(type.collection, object, old);
  const metadata = old
    ? validateMetadataUpdate(object, old)
    : validateMetadata(object, 'subdomain');
  return [...metadata, ...validateCustom(object, type.custom)];
}

function refuseInvalid(
  type: ResourceType,
  object: KubeObject,
  errors: FieldError[],
) {
  if (errors.length > 0) {
    throw invalid(type, object.metadata.name ?? '', errors);
  }
}

/** POST: stores a new, decoded object and returns it as served. */
export function createObject(
  context: ApiContext,
  request: WriteRequest,
  decoded: KubeObject,
): KubeObject {
  const { type } = request;
  let object = toStoredForm(type, decoded);
  placeInNamespace(object, request);
  const { metadata } = object;
  if (metadata.resourceVersion) {
    throw new StatusError(
      500,
      '',
      'resourceVersion should not be set on objects to be created',
    );
  }
  if (!metadata.name && metadata.generateName) {
    metadata.name = freshName(context, request, metadata.generateName);
  }
  checkNamespace(context, request, metadata.name ?? '');
  const now = timestamp(context.clock());
  metadata.uid = context.newUid();
  metadata.creationTimestamp = now;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (type.collection === 'namespaces' && metadata.name) {
    metadata.labels = {
      ...metadata.labels,
      'kubernetes.io/metadata.name': metadata.name,
    };
  }
  prepareCreate(type, object, { storage: context.storage, now });
  object = normaliseStored(type, object);
  refuseInvalid(
    type,
    object,
    validate(type, toValidated(type, object), undefined),
  );
  if (context.storage.get(type.collection, metadata.namespace, metadata.name)) {
    throw alreadyExists(type, metadata.name);
  }
  context.checkEscalation(request.user, object, type.collection);
  checkQuota(type, object, context.storage);
  if (request.dryRun) return toServed(type, object);
  const stored = context.storage.put(type.collection, object);
  if (type.collection === definitions) context.onDefinitionChange();
  return toServed(type, stored);
}

/** Validation sees the served version of a custom resource, whose schema it is, and the stored one of a built-in. */
function toValidated(type: ResourceType, stored: KubeObject): KubeObject {
  return type.custom ? toServed(type, stored) : stored;
}

function toStoredForm(type: ResourceType, decoded: KubeObject): KubeObject {
  const stored = toStored(type, decoded);
  return { ...stored, metadata: { ...stored.metadata } };
}

function normaliseStored(type: ResourceType, stored: KubeObject): KubeObject {
  if (type.custom) return stored;
  return toStored(type, normalise(type, toServed(type, stored)));
}

function freshName(
  context: ApiContext,
  { type, namespace }: WriteRequest,
  base: string,
): string {
  let name = generatedName(base);
  for (let attempt = 0; attempt < 8; attempt++) {
    if (!context.storage.get(type.collection, namespace, name)) break;
    name = generatedName(base);
  }
  return name;
}

/**
 * Replaces an object by what `change` makes of its served form: the whole of PUT and PATCH beyond reading the request.
 * `mustMatch` says that the object's resourceVersion has to be given, `isReplace` that this is a PUT.
 */
export function updateObject(
  context: ApiContext,
  request: WriteRequest,
  name: string,
  part: WritePart,
  change: (current: KubeObject) => KubeObject,
  { mustMatch, isReplace }: { mustMatch: boolean; isReplace: boolean },
): KubeObject {
  const { type, namespace } = request;
  const old = context.storage.get(type.collection, namespace, name);
  if (!old) throw notFound(type, name);
  const changed = change(toServed(type, old));
  if (changed.metadata.name !== name) {
    throw badRequest(
      changed.metadata.name
        ? `the name of the object (${changed.metadata.name}) does not match the name on the URL (${name})`
        : `name may not be empty`,
    );
  }
  placeInNamespace(changed, request);
  const version = changed.metadata.resourceVersion;
  if (!version && mustMatch) {
    throw invalid(type, name, [
      invalidValue(
        'metadata.resourceVersion',
        0,
        'must be specified for an update',
      ),
    ]);
  }
  const { uid } = changed.metadata;
  if (isReplace && uid && uid !== old.metadata.uid) {
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (version && version !== old.metadata.resourceVersion) {
    throw staleWrite(type, name);
  }
  refuseInvalid(type, changed, validateSystemFields(changed, old));
  const now = timestamp(context.clock());
  let object = toStoredForm(type, changed);
  object = prepareUpdate(type, object, old, part, {
    storage: context.storage,
    now,
  });
  object = normaliseStored(type, object);
  if (part !== 'status' || type.custom) {
    refuseInvalid(
      type,
      object,
      validate(type, toValidated(type, object), toValidated(type, old)),
    );
  }
  context.checkEscalation(request.user, object, type.collection);
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  if (equal(withoutVersion(object), withoutVersion(old))) {
    return toServed(type, old);
  }
  if (request.dryRun) return toServed(type, object);
  if (finishDeletion(context, type, object)) return toServed(type, object);
  const stored = context.storage.put(type.collection, object);
  if (type.collection === definitions) context.onDefinitionChange();
  return toServed(type, stored);
}

function withoutVersion(object: KubeObject): KubeObject {
  const { resourceVersion, ...metadata } = object.metadata;
  return { ...object, metadata } as KubeObject;
}

/** PUT. A kind that allows it is created when it is not there; the answer says which. */
export function replaceObject(
  context: ApiContext,
  request: WriteRequest,
  name: string,
  part: WritePart,
  body: unknown,
  decoded: KubeObject,
): { object: KubeObject; created: boolean } {
  const { type, namespace } = request;
  const facts = factsOf(type.collection, type.custom !== undefined);
  const exists = context.storage.get(type.collection, namespace, name);
  if (!exists && part === 'main' && facts.createOnUpdate) {
    const { resourceVersion, uid, ...metadata } = decoded.metadata;
    if (resourceVersion) throw staleWrite(type, name);
    return {
      object: createObject(context, request, {
        ...decoded,
        metadata: metadata as KubeObject['metadata'],
      }),
      created: true,
    };
  }
  if (!isObject(body)) throw badRequest('the body is not an object');
  const object = updateObject(context, request, name, part, () => decoded, {
    mustMatch: !facts.unconditionalUpdate && part !== 'finalize',
    isReplace: true,
  });
  return { object, created: false };
}

/** Whether a subresource of this name is one that writes a part of the object itself. */
export function writePartOf(
  type: ResourceType,
  subresource: string | undefined,
): WritePart | undefined {
  if (subresource === undefined) return 'main';
  if (subresource === 'status' && hasSubresource(type, 'status')) {
    return 'status';
  }
  if (subresource === 'finalize' && type.collection === 'namespaces') {
    return 'finalize';
  }
  return undefined;
}
