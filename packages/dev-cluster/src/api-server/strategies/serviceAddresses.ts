import { StatusError, invalid, invalidValue } from '../StatusError';
import { KubeObject } from '../KubeObject';
import { JsonObject, listAt, objectAt, stringAt } from '../json';
import { ObjectStorage } from '../storage/ObjectStorage';
import { objects } from './podDefaults';
import { ensure } from './podDefaults';

const network = '10.96';
const nodePorts = { first: 30000, last: 32767 };

/** Gives a Service its cluster IP, families and node ports; the API's own Service has the first address. */
export function allocateAddresses(
  service: KubeObject,
  old: KubeObject | undefined,
  storage: ObjectStorage,
) {
  const spec = ensure(service, 'spec');
  const before = objectAt(old, 'spec');
  if (spec.type === 'ExternalName') {
    for (const field of [
      'clusterIP',
      'clusterIPs',
      'ipFamilies',
      'ipFamilyPolicy',
    ]) {
      delete spec[field];
    }
    return;
  }
  if (!spec.clusterIP && before.clusterIP && before.type !== 'ExternalName') {
    spec.clusterIP = before.clusterIP;
  }
  const used = new Set(
    storage
      .list('services')
      .filter(s => !sameObject(s, service))
      .map(s => stringAt(s, 'spec', 'clusterIP')),
  );
  const wanted = stringAt(spec, 'clusterIP');
  if (!wanted) {
    spec.clusterIP = freeAddress(used);
  } else if (wanted !== 'None' && used.has(wanted)) {
    throw invalid({ group: '', kind: 'Service' }, service.metadata.name, [
      invalidValue(
        'spec.clusterIPs',
        [wanted],
        `failed to allocate IP ${wanted}: provided IP is already allocated`,
      ),
    ]);
  } else if (wanted !== 'None' && !wanted.startsWith(`${network}.`)) {
    throw invalid({ group: '', kind: 'Service' }, service.metadata.name, [
      invalidValue(
        'spec.clusterIPs',
        [wanted],
        `failed to allocate IP ${wanted}: the provided network does not match the current range`,
      ),
    ]);
  }
  spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    allocateNodePorts(service, spec, listAt(before, 'ports'), storage);
  }
}

function sameObject(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.name === b.metadata.name &&
    a.metadata.namespace === b.metadata.namespace
  );
}

function freeAddress(used: Set<string>): string {
  for (let host = 2; host < 65_534; host++) {
    const address = `${network}.${host >> 8}.${host & 255}`;
    if (!used.has(address)) return address;
  }
  throw new StatusError(500, 'InternalError', 'no cluster IP is free');
}

function allocateNodePorts(
  service: KubeObject,
  spec: JsonObject,
  before: unknown[],
  storage: ObjectStorage,
) {
  const used = new Set<unknown>(
    storage
      .list('services')
      .filter(s => !sameObject(s, service))
      .flatMap(s => objects(listAt(s, 'spec', 'ports')))
      .map(p => p.nodePort)
      .filter(p => p !== undefined),
  );
  let next = nodePorts.first;
  for (const port of objects(spec.ports)) {
    if (!port.nodePort) {
      const same = objects(before).find(
        p => p.port === port.port && p.protocol === port.protocol,
      );
      if (same?.nodePort) port.nodePort = same.nodePort;
    }
    if (!port.nodePort) {
      while (used.has(next) && next < nodePorts.last) next += 1;
      port.nodePort = next;
    }
    used.add(port.nodePort);
  }
}
