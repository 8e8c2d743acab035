import { User } from '../ApiContext';
import { Attributes, RoleBasedAccess } from '../auth/rbac';
import { StatusError } from '../StatusError';
import { ResourceRequest } from './requestInfo';

/** What a request wants, in the words of RBAC. */
export function attributesOf(
  method: string,
  path: string,
  info: ResourceRequest | undefined,
  query: URLSearchParams,
): Attributes {
  if (!info) return { verb: method.toLowerCase(), path };
  return {
    verb: verbOf(method, info, query),
    group: info.group,
    resource: info.plural,
    subresource: info.subresource,
    namespace:
      info.plural === 'namespaces' && info.name ? info.name : info.namespace,
    name: info.name,
  };
}

function verbOf(
  method: string,
  info: ResourceRequest,
  query: URLSearchParams,
): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return info.name === undefined ? 'deletecollection' : 'delete';
    default:
      if (query.get('watch') === 'true' || query.get('watch') === '1') {
        return 'watch';
      }
      return info.name === undefined ? 'list' : 'get';
  }
}

/** Throws 403 in the words of the real server. */
export function authorize(
  access: RoleBasedAccess,
  user: User,
  wanted: Attributes,
) {
  if (access.isAllowed(user, wanted)) return;
  const who = `User ${JSON.stringify(user.name)} cannot ${wanted.verb}`;
  if ('path' in wanted) {
    throw new StatusError(
      403,
      'Forbidden',
      `forbidden: ${who} path ${JSON.stringify(wanted.path)}`,
      {},
    );
  }
  const { group, resource, subresource, namespace, name } = wanted;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace
    ? `in the namespace ${JSON.stringify(namespace)}`
    : 'at the cluster scope';
  const shown = group ? `${resource}.${group}` : resource;
  throw new StatusError(
    403,
    'Forbidden',
    `${shown}${
      name ? ` ${JSON.stringify(name)}` : ''
    } is forbidden: ${who} resource ${JSON.stringify(
      full,
    )} in API group ${JSON.stringify(group)} ${where}`,
    {
      ...(name ? { name } : {}),
      ...(group ? { group } : {}),
      kind: resource,
    },
  );
}
