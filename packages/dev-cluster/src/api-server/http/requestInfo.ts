/** What a request path of the resource API means; the counterpart of apiserver's RequestInfo. */
export interface ResourceRequest {
  group: string;
  version: string;
  plural: string;
  namespace?: string;
  name?: string;
  subresource?: string;
  /** What follows a proxy subresource, with its leading slash. */
  rest: string;
}

/**
 * `/api/v1/namespaces/ns/pods/name/log` and `/apis/group/version/…`. Undefined for other paths.
 * The namespaces resource itself is `/api/v1/namespaces[/name[/status|finalize]]`.
 */
export function parseResourcePath(path: string): ResourceRequest | undefined {
  const parts = path.split('/').slice(1);
  let group: string;
  let version: string;
  let rest: string[];
  if (parts[0] === 'api') {
    [group, version, rest] = ['', parts[1], parts.slice(2)];
  } else if (parts[0] === 'apis') {
    [group, version, rest] = [parts[1], parts[2], parts.slice(3)];
  } else {
    return undefined;
  }
  if (!version || rest.length === 0 || rest[0] === '') return undefined;
  let namespace: string | undefined;
  const ofNamespace = ['status', 'finalize'];
  if (
    rest[0] === 'namespaces' &&
    rest.length > 2 &&
    !ofNamespace.includes(rest[2])
  ) {
    namespace = decode(rest[1]);
    rest = rest.slice(2);
  }
  const [plural, name, subresource, ...more] = rest;
  return {
    group,
    version,
    plural,
    namespace,
    name: name === undefined || name === '' ? undefined : decode(name),
    subresource: subresource || undefined,
    rest: more.length > 0 ? `/${more.join('/')}` : '',
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
