import {
  isJsonObject,
  JsonObject,
  objectAt,
  objectsAt,
  removeAt,
  valueAt,
} from '../../backup/jsonPath';
import { isRawNumber, parseJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { RestoreItemAction } from './RestoreItemAction';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function appliedSpec(service: KubernetesObject): JsonObject {
  const text = service.metadata.annotations?.[lastApplied];
  return text ? objectAt(parseJson(text), 'spec') : {};
}

function numberOf(value: unknown): number | undefined {
  if (isRawNumber(value)) {
    return Number(value.rawJSON);
  }
  return typeof value === 'number' ? value : undefined;
}

/** Node ports that the user wrote into the manifest that was applied: by port name, or as bare numbers for unnamed ports. */
function portsInManifest(spec: JsonObject): {
  names: Set<string>;
  numbers: Set<number>;
} {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const port of objectsAt(spec, 'ports')) {
    const nodePort = numberOf(port.nodePort);
    if (nodePort) {
      if (typeof port.name === 'string' && port.name !== '') {
        names.add(port.name);
      } else {
        numbers.add(nodePort);
      }
    }
  }
  return { names, numbers };
}

/** Field managers' names for ports whose node port somebody set: `{"port":80,"protocol":"TCP"}`. */
function managedPorts(service: KubernetesObject): Set<string> {
  const keys = new Set<string>();
  for (const entry of service.metadata.managedFields ?? []) {
    const ports = objectAt(entry, 'fieldsV1', 'f:spec', 'f:ports');
    for (const [key, fields] of Object.entries(ports)) {
      if (isJsonObject(fields) && 'f:nodePort' in fields) {
        keys.add(key.replace(/^k:/, ''));
      }
    }
  }
  return keys;
}

function portKey(port: JsonObject): string {
  return JSON.stringify({
    port: numberOf(port.port),
    protocol: port.protocol ?? 'TCP',
  });
}

function clearNodePorts(service: KubernetesObject): void {
  // Without managedFields (old backups) and with them the user's own ports are told from the cluster's in two ways.
  const manifest = portsInManifest(appliedSpec(service));
  const managed = managedPorts(service);
  for (const port of objectsAt(service, 'spec', 'ports')) {
    const byManifest =
      typeof port.name === 'string' && port.name !== ''
        ? manifest.names.has(port.name)
        : manifest.numbers.has(numberOf(port.nodePort) ?? 0);
    if (!byManifest && !managed.has(portKey(port))) {
      delete port.nodePort;
    }
  }
}

function keepsHealthCheckPort(service: KubernetesObject): boolean {
  const own = numberOf(valueAt(service, 'spec', 'healthCheckNodePort'));
  const applied = appliedSpec(service).healthCheckNodePort;
  if (applied !== undefined) {
    return numberOf(applied) === own;
  }
  return (service.metadata.managedFields ?? []).some(
    entry => 'f:healthCheckNodePort' in objectAt(entry, 'fieldsV1', 'f:spec'),
  );
}

/**
 * Clears the addresses that belonged to the source: cluster IPs (but not `None`), node ports unless the user chose them or wants
 * them kept, external IPs of load balancers.
 *
 * Source: Velero `velero.io/service`, openshift-velero-plugin service.
 */
export const service: RestoreItemAction = {
  name: 'velero.io/service',
  appliesTo: { includedResources: ['services'] },
  execute(item, { restore }) {
    const spec = objectAt(item, 'spec');
    if (spec.clusterIP !== 'None') {
      removeAt(item, 'spec', 'clusterIP');
      removeAt(item, 'spec', 'clusterIPs');
    }
    if (spec.type === 'LoadBalancer') {
      removeAt(item, 'spec', 'externalIPs');
    }
    if (spec.type === 'ExternalName') {
      return { item };
    }
    if (restore.spec.preserveNodePorts === true) {
      return { item };
    }
    if (
      spec.type === 'LoadBalancer' &&
      spec.externalTrafficPolicy === 'Local' &&
      !keepsHealthCheckPort(item)
    ) {
      removeAt(item, 'spec', 'healthCheckNodePort');
    }
    clearNodePorts(item);
    return { item };
  },
};
