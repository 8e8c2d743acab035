import { ApiContext } from '../ApiContext';
import { notFound, StatusError, badRequest } from '../StatusError';
import { KubeObject } from '../KubeObject';
import { JsonObject, listAt, objectAt, stringAt } from '../json';
import type { ResourceCall } from '../http/serveResource';
import { objects } from '../strategies/podDefaults';

/** Where a request is forwarded to. */
export interface Target {
  host: string;
  port: number;
  headers: { [name: string]: string };
}

/** `[scheme:]name[:port]` as proxy paths have it. */
function parseName(text: string): { name: string; port: string } {
  const parts = text.split(':');
  if (parts.length === 3) {
    if (parts[0] === 'https') {
      throw badRequest('proxying to https is not supported by this server');
    }
    return { name: parts[1], port: parts[2] };
  }
  return { name: parts[0], port: parts[1] ?? '' };
}

const unavailable = (message: string) =>
  new StatusError(503, 'ServiceUnavailable', message);

/** Pods listen on ports of their own choice here; the kubelet notes them in annotations. */
export function podTarget(
  context: ApiContext,
  { info, type }: ResourceCall,
): Target {
  const { name, port } = parseName(info.name ?? '');
  const pod = context.storage.get('pods', info.namespace, name);
  if (!pod) throw notFound(type, name);
  const host = stringAt(pod, 'status', 'podIP');
  if (!host) throw badRequest('address not allowed');
  const containerPort = port ? numberOf(pod, port) : firstPort(pod);
  return {
    host,
    port: realPort(pod, containerPort),
    headers: {},
  };
}

function containerPorts(pod: KubeObject): JsonObject[] {
  return objects(listAt(pod, 'spec', 'containers')).flatMap(c =>
    objects(c.ports),
  );
}

function firstPort(pod: KubeObject): number {
  return Number(containerPorts(pod)[0]?.containerPort ?? 80);
}

function numberOf(pod: KubeObject, port: string): number {
  if (/^\d+$/.test(port)) return Number(port);
  const found = containerPorts(pod).find(p => p.name === port);
  if (!found) throw badRequest(`no port ${JSON.stringify(port)} in the pod`);
  return Number(found.containerPort);
}

function realPort(pod: KubeObject, port: number): number {
  const noted =
    pod.metadata.annotations?.[`dev-cluster.lifeboat.dev/port-${port}`];
  return noted && /^\d+$/.test(noted) ? Number(noted) : port;
}

export function serviceTarget(
  context: ApiContext,
  { info, type }: ResourceCall,
): Target {
  const { name, port } = parseName(info.name ?? '');
  const service = context.storage.get('services', info.namespace, name);
  if (!service) throw notFound(type, name);
  const ports = objects(listAt(service, 'spec', 'ports'));
  const chosen =
    port === ''
      ? ports[0]
      : ports.find(p => p.name === port || String(p.port) === port);
  if (!chosen) {
    throw unavailable(
      `no service port ${JSON.stringify(
        port,
      )} found for service ${JSON.stringify(name)}`,
    );
  }
  if (!context.storage.get('endpoints', info.namespace, name)) {
    throw notFound({ group: '', plural: 'endpoints' }, name);
  }
  const address = endpointOf(context, service, chosen);
  if (!address) {
    throw unavailable(
      `no endpoints available for service ${JSON.stringify(info.name)}`,
    );
  }
  return { ...address, headers: {} };
}

function endpointOf(
  context: ApiContext,
  service: KubeObject,
  port: JsonObject,
): { host: string; port: number } | undefined {
  const { name, namespace } = service.metadata;
  const portName = stringAt(port, 'name');
  const matching = (list: unknown) =>
    objects(list).find(p => (p.name ?? '') === portName);
  const endpoints = context.storage.get('endpoints', namespace, name);
  for (const subset of objects(objectAt(endpoints).subsets)) {
    const target = matching(subset.ports);
    const address = objects(subset.addresses)[0];
    if (target && address) {
      return { host: String(address.ip), port: Number(target.port) };
    }
  }
  const slices = context.storage
    .list('endpointslices.discovery.k8s.io')
    .filter(
      s =>
        s.metadata.namespace === namespace &&
        s.metadata.labels?.['kubernetes.io/service-name'] === name,
    );
  for (const slice of slices) {
    const target = matching(slice.ports);
    const ready = objects(slice.endpoints).find(
      e => objectAt(e, 'conditions').ready !== false,
    );
    const host = ready && listAt(ready, 'addresses')[0];
    if (target && host)
      return { host: String(host), port: Number(target.port) };
  }
  return undefined;
}
