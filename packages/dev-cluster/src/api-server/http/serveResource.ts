import { IncomingMessage, ServerResponse } from 'node:http';
import { ApiContext, User } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import {
  badRequest,
  invalid,
  invalidValue,
  methodNotAllowed,
  noSuchPath,
  notFound,
  StatusError,
} from '../StatusError';
import { clone, JsonObject } from '../json';
import {
  apiVersionOf,
  hasSubresource,
  ResourceType,
} from '../resources/ResourceType';
import { toServed } from '../convert/versions';
import { resourceWarnings, writeWarnings } from '../strategies/warnings';
import { factsOf } from '../strategies/facts';
import { partialMetadata, partialMetadataList } from '../table/partialMetadata';
import { tableOf } from '../table/tableOf';
import {
  decodeObject,
  dryRunOf,
  FieldValidation,
  fieldValidationOf,
  parseBody,
} from '../verbs/decodeObject';
import {
  deletedStatus,
  deleteObject,
  parseDeleteOptions,
} from '../verbs/deleteObjects';
import { ListResult, listObjects, selection } from '../verbs/listObjects';
import { patchOf } from '../verbs/patchObject';
import { applyScale, readScale } from '../verbs/scale';
import {
  createObject,
  replaceObject,
  updateObject,
  WriteRequest,
  writePartOf,
} from '../verbs/writeObjects';
import { AcceptedForm, negotiate } from './negotiation';
import { ResourceRequest } from './requestInfo';
import { readBody, sendJson } from './respond';
import { serveWatch } from './serveWatch';

export interface ResourceCall {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  info: ResourceRequest;
  type: ResourceType;
  user: User;
}

const childPodsPreserved =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

const refused = () =>
  methodNotAllowed(
    'the server does not allow this method on the requested resource',
  );

/** Carries out a request on a collection or an object of the resource API. */
export async function serveResource(
  context: ApiContext,
  call: ResourceCall,
): Promise<void> {
  const { type, info } = call;
  if (info.namespace !== undefined && !type.namespaced) throw noSuchPath();
  if (info.rest) throw noSuchPath();
  if (info.subresource) {
    await serveSubresource(context, call);
  } else if (info.name === undefined) {
    await serveCollection(context, call);
  } else {
    await serveObject(context, call);
  }
}

function needVerb(type: ResourceType, verb: string) {
  if (!type.verbs.includes(verb)) throw refused();
}

async function serveCollection(context: ApiContext, call: ResourceCall) {
  const { request, response, query, info, type } = call;
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(query.get('watch'))) {
        needVerb(type, 'watch');
        serveWatch(context, call);
        return;
      }
      needVerb(type, 'list');
      sendList(call, listObjects(context, type, info.namespace, query));
      return;
    case 'POST': {
      needVerb(type, 'create');
      if (type.namespaced && info.namespace === undefined) throw refused();
      const { object, warnings } = await decodedBody(call);
      const created = createObject(context, writeRequest(call), object);
      send(call, 201, created, [...warnings, ...writeWarnings(type, created)]);
      return;
    }
    case 'DELETE': {
      needVerb(type, 'deletecollection');
      if (type.namespaced && info.namespace === undefined) throw refused();
      await deleteCollection(context, call);
      return;
    }
    default:
      response.setHeader('Allow', 'GET, POST, DELETE');
      throw refused();
  }
}

async function deleteCollection(context: ApiContext, call: ResourceCall) {
  const { request, query, info, type } = call;
  const options = await deleteOptions(request, query);
  const chosen = selection(type, info.namespace, query);
  const items: KubeObject[] = [];
  for (const stored of context.storage.list(type.collection)) {
    if (!chosen(toServed(type, stored))) continue;
    items.push(
      deleteObject(
        context,
        type,
        stored.metadata.namespace,
        stored.metadata.name,
        options,
      ).object,
    );
  }
  sendList(call, {
    items,
    resourceVersion: String(context.storage.revision),
  });
}

async function deleteOptions(request: IncomingMessage, query: URLSearchParams) {
  const text = await readBody(request);
  const body =
    text.length > 0
      ? parseBody(text, request.headers['content-type'] ?? '')
      : undefined;
  return parseDeleteOptions(body, query);
}

async function serveObject(context: ApiContext, call: ResourceCall) {
  const { request, response, query, info, type } = call;
  const name = info.name ?? '';
  if (type.namespaced && info.namespace === undefined) throw noSuchPath();
  switch (request.method) {
    case 'GET':
    case 'HEAD': {
      if (isTrue(query.get('watch'))) {
        const narrowed = new URLSearchParams(query);
        narrowed.set('fieldSelector', `metadata.name=${name}`);
        serveWatch(context, { ...call, query: narrowed });
        return;
      }
      needVerb(type, 'get');
      const found = context.storage.get(type.collection, info.namespace, name);
      if (!found) throw notFound(type, name);
      send(call, 200, toServed(type, found));
      return;
    }
    case 'PUT': {
      needVerb(type, 'update');
      await replace(context, call, name);
      return;
    }
    case 'PATCH': {
      needVerb(type, 'patch');
      await patch(context, call, name);
      return;
    }
    case 'DELETE': {
      needVerb(type, 'delete');
      const options = await deleteOptions(request, query);
      const { object, gone } = deleteObject(
        context,
        type,
        info.namespace,
        name,
        options,
      );
      const facts = factsOf(type.collection, type.custom !== undefined);
      if (gone && !facts.returnsDeleted) {
        sendJson(response, 200, deletedStatus(type, object));
      } else {
        const preserved =
          type.collection === 'jobs.batch' && !options.propagationPolicy;
        send(call, 200, object, preserved ? [childPodsPreserved] : []);
      }
      return;
    }
    default:
      throw refused();
  }
}

async function serveSubresource(context: ApiContext, call: ResourceCall) {
  const { request, info, type } = call;
  const { subresource = '', namespace } = info;
  const name = info.name ?? '';
  if (!hasSubresource(type, subresource)) throw noSuchPath();
  if (type.namespaced && namespace === undefined) throw noSuchPath();
  if (subresource === 'scale') {
    await serveScale(context, call, name);
    return;
  }
  const part = writePartOf(type, subresource);
  if (!part) throw noSuchPath();
  if (request.method === 'PUT') {
    await replace(context, call, name);
  } else if (request.method === 'PATCH' && part === 'status') {
    await patch(context, call, name);
  } else if (request.method === 'GET' && part === 'status') {
    const found = context.storage.get(type.collection, namespace, name);
    if (!found) throw notFound(type, name);
    send(call, 200, toServed(type, found));
  } else {
    throw refused();
  }
}

async function replace(context: ApiContext, call: ResourceCall, name: string) {
  const { info, type, request } = call;
  const part = writePartOf(type, info.subresource) ?? 'main';
  const text = await readBody(request);
  const body = parseBody(text, request.headers['content-type'] ?? '');
  const { object, warnings } = decodeObject(
    type,
    body,
    fieldValidationOf(call.query),
  );
  const result = replaceObject(
    context,
    writeRequest(call),
    name,
    part,
    body,
    object,
  );
  send(call, result.created ? 201 : 200, result.object, warnings);
}

async function patch(context: ApiContext, call: ResourceCall, name: string) {
  const { info, type, request, query } = call;
  const part = writePartOf(type, info.subresource) ?? 'main';
  const apply = patchOf(
    request.headers['content-type'] ?? '',
    (await readBody(request)).toString('utf8'),
    type.schemaName,
    type,
  );
  const validation = fieldValidationOf(query);
  let warnings: string[] = [];
  const result = updateObject(
    context,
    writeRequest(call),
    name,
    part,
    current => {
      const decoded = decodePatched(type, apply(clone(current)), validation);
      warnings = decoded.warnings;
      return decoded.object;
    },
    { mustMatch: false, isReplace: false },
  );
  send(call, 200, result, [...warnings, ...writeWarnings(type, result)]);
}

/** What a patch made of an object; where that is no object of the kind any more, the patch is to blame. */
function decodePatched(
  type: ResourceType,
  patched: unknown,
  validation: FieldValidation,
) {
  try {
    return decodeObject(type, patched, validation);
  } catch (error) {
    if (
      error instanceof StatusError &&
      error.code === 400 &&
      !type.custom &&
      validation !== 'Strict'
    ) {
      throw invalid(type, '', [invalidValue('patch', '', error.message)]);
    }
    throw error;
  }
}

async function serveScale(
  context: ApiContext,
  call: ResourceCall,
  name: string,
) {
  const { request, response, info, type } = call;
  const found = context.storage.get(type.collection, info.namespace, name);
  if (!found) throw notFound(type, name);
  if (request.method === 'GET') {
    sendJson(response, 200, readScale(type, toServed(type, found)));
    return;
  }
  const contentType = request.headers['content-type'] ?? '';
  const text = await readBody(request);
  let change: (current: KubeObject) => unknown;
  if (request.method === 'PUT') {
    const body = parseBody(text, contentType);
    change = () => body;
  } else if (request.method === 'PATCH') {
    const apply = patchOf(
      contentType,
      text.toString('utf8'),
      'io.k8s.api.autoscaling.v1.Scale',
      type,
    );
    change = current => apply(readScale(type, current));
  } else {
    throw refused();
  }
  const updated = updateObject(
    context,
    writeRequest(call),
    name,
    'main',
    current => applyScale(type, current, change(current)),
    { mustMatch: false, isReplace: false },
  );
  sendJson(response, 200, readScale(type, updated));
}

function writeRequest({ type, info, user, query }: ResourceCall): WriteRequest {
  return {
    type,
    namespace: info.namespace,
    user,
    dryRun: dryRunOf(query.getAll('dryRun')),
  };
}

async function decodedBody({ request, query, type }: ResourceCall) {
  const text = await readBody(request);
  if (text.length === 0) throw badRequest('the request has no body');
  return decodeObject(
    type,
    parseBody(text, request.headers['content-type'] ?? ''),
    fieldValidationOf(query),
  );
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1' || value === 't';
}

function send(
  call: ResourceCall,
  code: number,
  object: KubeObject,
  warnings: string[] = [],
) {
  const { response, type } = call;
  const form = accepted(call, ['Table', 'PartialObjectMetadata']);
  let body: JsonObject = object;
  if (form.as === 'Table') {
    body = tableOf(type, [object], includeObject(call), form.version, {
      resourceVersion: object.metadata.resourceVersion,
    });
  } else if (form.as === 'PartialObjectMetadata') {
    body = partialMetadata(object);
  }
  sendJson(response, code, body, {
    format: form.format,
    warnings: [...warnings, ...resourceWarnings(type)],
  });
}

function sendList(call: ResourceCall, list: ListResult) {
  const { response, type } = call;
  const form = accepted(call, ['Table', 'PartialObjectMetadataList']);
  const metadata = {
    resourceVersion: list.resourceVersion,
    ...(list.continueToken ? { continue: list.continueToken } : {}),
    ...(list.remaining ? { remainingItemCount: list.remaining } : {}),
  };
  let body: JsonObject;
  if (form.as === 'Table') {
    body = tableOf(
      type,
      list.items,
      includeObject(call),
      form.version,
      metadata,
    );
  } else if (form.as === 'PartialObjectMetadataList') {
    body = partialMetadataList(list.items, metadata);
  } else {
    body = {
      kind: type.listKind,
      apiVersion: apiVersionOf(type),
      metadata: type.custom ? { continue: '', ...metadata } : metadata,
      items: type.custom ? list.items : list.items.map(withoutTypeMeta),
    };
  }
  sendJson(response, 200, body, {
    format: form.format,
    warnings: resourceWarnings(type),
  });
}

/** Items of a list of built-in objects carry neither kind nor version. */
function withoutTypeMeta(object: KubeObject): JsonObject {
  const { kind, apiVersion, ...rest } = object;
  return rest;
}

export function accepted(
  { request }: ResourceCall,
  offered: string[],
): AcceptedForm {
  return negotiate(request.headers.accept, offered);
}

export function includeObject({ query }: ResourceCall): string {
  const value = query.get('includeObject') || 'Metadata';
  if (!['None', 'Metadata', 'Object'].includes(value)) {
    throw badRequest(
      `unrecognized includeObject value: ${JSON.stringify(value)}`,
    );
  }
  return value;
}
