import { ApiContext, timestamp, User } from '../ApiContext';
import { badRequest, invalid, invalidValue, notFound } from '../StatusError';
import { isObject, JsonObject, listAt, objectAt, stringAt } from '../json';
import type { ResourceCall } from '../http/serveResource';
import { readBody, sendJson } from '../http/respond';
import { apiVersionOf, ResourceType } from '../resources/ResourceType';
import { parseBody } from '../verbs/decodeObject';
import { Attributes, RoleBasedAccess } from './rbac';
import { issuer, Tokens } from './Tokens';

const reviews = ['authorization.k8s.io', 'authentication.k8s.io'];

/** The resources that are questions: access reviews, token reviews and requests, evictions apart. Says whether it answered. */
export async function serveReview(
  context: ApiContext,
  access: RoleBasedAccess,
  tokens: Tokens,
  call: ResourceCall,
): Promise<boolean> {
  const { request, response, info, type, user } = call;
  const isToken =
    type.collection === 'serviceaccounts' && info.subresource === 'token';
  if (request.method !== 'POST') return false;
  if (!isToken && !reviews.includes(type.group)) return false;
  const body = parseBody(
    await readBody(request),
    request.headers['content-type'] ?? '',
  );
  if (!isObject(body)) throw badRequest('the body is not an object');
  const answer = isToken
    ? requestToken(context, tokens, call, body)
    : {
        ...body,
        ...review(access, tokens, type, body, user, info.namespace),
      };
  sendJson(response, 201, {
    ...answer,
    kind: isToken ? 'TokenRequest' : type.kind,
    apiVersion: isToken ? 'authentication.k8s.io/v1' : apiVersionOf(type),
    metadata: isToken
      ? (answer as JsonObject).metadata
      : { ...objectAt(body, 'metadata') },
  });
  return true;
}

function review(
  access: RoleBasedAccess,
  tokens: Tokens,
  type: ResourceType,
  body: JsonObject,
  user: User,
  namespace: string | undefined,
): JsonObject {
  const spec = objectAt(body, 'spec');
  const { plural } = type;
  switch (plural) {
    case 'selfsubjectreviews':
      return { status: { userInfo: userInfo(user) } };
    case 'selfsubjectrulesreviews': {
      const rules = access.rules(user, stringAt(spec, 'namespace'));
      const all = user.groups.includes('system:masters')
        ? [
            {
              verbs: ['*'],
              apiGroups: ['*'],
              resources: ['*'],
              resourceNames: [],
              nonResourceURLs: [],
            },
          ]
        : [];
      const found = [...all, ...rules];
      return {
        spec: {},
        status: {
          resourceRules: found
            .filter(r => r.nonResourceURLs.length === 0)
            .map(({ verbs, apiGroups, resources, resourceNames }) => ({
              verbs,
              apiGroups,
              resources,
              ...(resourceNames.length ? { resourceNames } : {}),
            })),
          nonResourceRules: found
            .filter(r => r.nonResourceURLs.length > 0)
            .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
          incomplete: false,
        },
      };
    }
    case 'tokenreviews': {
      const found = tokens.authenticate(stringAt(spec, 'token'));
      return {
        status: found
          ? { authenticated: true, user: userInfo(found), audiences: [issuer] }
          : { user: {}, error: 'the token is not valid' },
      };
    }
    default: {
      const subject: User = plural.startsWith('self')
        ? user
        : {
            name: stringAt(spec, 'user'),
            groups: listAt(spec, 'groups').map(String),
          };
      const allowed = access.isAllowed(
        subject,
        wantedBy(type, spec, namespace),
      );
      return {
        status: { allowed, ...(allowed ? { reason: 'RBAC: allowed' } : {}) },
      };
    }
  }
}

function wantedBy(
  type: ResourceType,
  spec: JsonObject,
  namespace: string | undefined,
): Attributes {
  const resource = spec.resourceAttributes;
  if (isObject(resource)) {
    return {
      verb: stringAt(resource, 'verb'),
      group: stringAt(resource, 'group'),
      resource: stringAt(resource, 'resource'),
      subresource: stringAt(resource, 'subresource') || undefined,
      namespace: namespace ?? (stringAt(resource, 'namespace') || undefined),
      name: stringAt(resource, 'name') || undefined,
    };
  }
  if (isObject(spec.nonResourceAttributes)) {
    return {
      verb: stringAt(spec.nonResourceAttributes, 'verb'),
      path: stringAt(spec.nonResourceAttributes, 'path'),
    };
  }
  throw invalid({ group: 'authorization.k8s.io', kind: type.kind }, '', [
    invalidValue(
      'spec.resourceAttributes',
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ),
  ]);
}

function userInfo(user: User): JsonObject {
  return {
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: user.groups,
    ...(user.extra ? { extra: user.extra } : {}),
  };
}

const shortest = 600;
const longest = 2 ** 32;

function requestToken(
  context: ApiContext,
  tokens: Tokens,
  { type, info }: ResourceCall,
  body: JsonObject,
): JsonObject {
  const name = info.name ?? '';
  const namespace = info.namespace ?? '';
  const account = context.storage.get('serviceaccounts', namespace, name);
  if (!account) throw notFound(type, name);
  const spec = objectAt(body, 'spec');
  const seconds = spec.expirationSeconds ?? 3600;
  const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
  if (typeof seconds !== 'number' || seconds < shortest || seconds > longest) {
    throw invalid(kind, '', [
      invalidValue(
        'spec.expirationSeconds',
        seconds,
        typeof seconds === 'number' && seconds > longest
          ? 'may not specify a duration larger than 2^32 seconds'
          : 'may not specify a duration less than 10 minutes',
      ),
    ]);
  }
  const audiences = listAt(spec, 'audiences').map(String);
  const bound = objectAt(spec, 'boundObjectRef');
  let pod: { name: string; uid: string } | undefined;
  if (bound.kind === 'Pod') {
    const found = context.storage.get(
      'pods',
      namespace,
      stringAt(bound, 'name'),
    );
    if (!found) {
      throw notFound({ group: '', plural: 'pods' }, stringAt(bound, 'name'));
    }
    pod = { name: found.metadata.name, uid: found.metadata.uid ?? '' };
  } else if (bound.kind !== undefined) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(
        name,
      )} to a ${String(bound.kind)}: only pods are supported by this server`,
    );
  }
  const expires = new Date(context.clock().getTime() + seconds * 1000);
  const token = tokens.issue({
    namespace,
    name,
    uid: account.metadata.uid ?? '',
    audiences: audiences.length ? audiences : [issuer],
    expires,
    pod,
  });
  return {
    metadata: {
      name,
      namespace,
      uid: context.newUid(),
      creationTimestamp: timestamp(context.clock()),
    },
    spec: {
      audiences: audiences.length ? audiences : [issuer],
      expirationSeconds: seconds,
      boundObjectRef: Object.keys(bound).length ? bound : null,
    },
    status: { token, expirationTimestamp: timestamp(expires) },
  };
}
