import { V1ServiceSpec, V1ServicePort } from '@kubernetes/client-node';
import { Informer, keyOf } from '../api/Informer';
import { isNotFound, KubeError } from '../api/KubeClient';
import {
  controllerOf,
  controllerReference,
  Resource,
  ResourceType,
  types,
} from '../api/Resource';
import { matchesSelector } from '../api/labelSelector';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { canonicalJson, templateHash } from './templateHash';
import { isFinished, isReady, Pod } from './Workload';

/** Annotation of a pod that tells where a container port really listens. */
export const PORT_ANNOTATION = 'dev-cluster.lifeboat.dev/port-';
const SERVICE_LABEL = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

export type Service = Resource<V1ServiceSpec>;

interface Target {
  pod: Pod;
  ready: boolean;
  ports: { name?: string; port: number; protocol: string }[];
}

type Written = Resource & {
  subsets?: unknown;
  endpoints?: unknown;
  ports?: unknown;
  addressType?: string;
};

/** The port of a pod that a port of a Service leads to, as it really listens. */
export function targetPort(
  pod: Pod,
  servicePort: V1ServicePort,
): number | undefined {
  const wanted: number | string =
    (servicePort.targetPort as number | string | undefined) ?? servicePort.port;
  let containerPort: number | undefined;
  if (typeof wanted === 'number') {
    containerPort = wanted;
  } else {
    containerPort = (pod.spec?.containers ?? [])
      .flatMap(container => container.ports ?? [])
      .find(port => port.name === wanted)?.containerPort;
  }
  if (containerPort === undefined) return undefined;
  const real = pod.metadata.annotations?.[`${PORT_ANNOTATION}${containerPort}`];
  return real ? Number(real) : containerPort;
}

/** The pods behind a Service that have an address. */
export function targetsOf(service: Service, pods: Pod[]): Target[] {
  return pods
    .filter(
      pod =>
        pod.status?.podIP &&
        !isFinished(pod) &&
        matchesSelector(
          { matchLabels: service.spec?.selector },
          pod.metadata.labels,
        ),
    )
    .map(pod => ({
      pod,
      ready:
        !pod.metadata.deletionTimestamp &&
        (isReady(pod) || Boolean(service.spec?.publishNotReadyAddresses)),
      ports: (service.spec?.ports ?? []).flatMap(port => {
        const real = targetPort(pod, port);
        return real === undefined
          ? []
          : [{ name: port.name, port: real, protocol: port.protocol ?? 'TCP' }];
      }),
    }))
    .sort((a, b) => a.pod.metadata.name.localeCompare(b.pod.metadata.name));
}

function groupByPorts(targets: Target[]): Target[][] {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const key = canonicalJson(target.ports);
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.values()];
}

function addressOf({ pod }: Target): object {
  return {
    ip: pod.status?.podIP,
    nodeName: pod.spec?.nodeName,
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}

export function subsetsOf(targets: Target[]): object[] {
  return groupByPorts(targets).map(group => {
    const ready = group.filter(target => target.ready).map(addressOf);
    const waiting = group.filter(target => !target.ready).map(addressOf);
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(waiting.length > 0 ? { notReadyAddresses: waiting } : {}),
      ports: group[0].ports,
    };
  });
}

/** Keeps Endpoints and EndpointSlices of Services that have a selector. */
export function endpoints(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const services = informers.of<Service>(types.services);
  const pods = informers.of<Pod>(types.pods);
  const all = informers.of<Written>(types.endpoints);
  const slices = informers.of<Written>(types.endpointSlices);
  const refused = new Set<string>();

  async function write(
    type: ResourceType,
    informer: Informer<Written>,
    wanted: Written,
    fields: ('subsets' | 'endpoints' | 'ports')[],
  ): Promise<void> {
    const present = informer.get(keyOf(wanted));
    const content = (object: Written) =>
      canonicalJson(fields.map(field => object[field] ?? []));
    try {
      if (!present) {
        informer.observe(
          await client.create(type, wanted.metadata.namespace, wanted),
        );
      } else if (
        content(present) !== content(wanted) ||
        (wanted.metadata.ownerReferences &&
          controllerOf(present)?.uid !== controllerOf(wanted)?.uid)
      ) {
        informer.observe(
          await client.patch(
            type,
            wanted.metadata.namespace,
            wanted.metadata.name,
            {
              metadata: {
                labels: wanted.metadata.labels,
                ownerReferences: wanted.metadata.ownerReferences,
              },
              ...Object.fromEntries(
                fields.map(field => [field, wanted[field] ?? []]),
              ),
            },
          ),
        );
      }
    } catch (error) {
      if (error instanceof KubeError && error.code === 422) {
        const key = `${type.kind} ${keyOf(wanted)}`;
        if (!refused.has(key)) log(`${key}: ${error.message}`);
        refused.add(key);
      } else if (
        !isNotFound(error) &&
        !(error instanceof KubeError && error.reason === 'AlreadyExists') &&
        !(error instanceof KubeError && error.code === 403)
      ) {
        throw error;
      }
    }
  }

  const queue = queueFor(context, 'endpoints', async key => {
    const service = services.get(key);
    if (!service) {
      const [namespace, name] = key.split('/');
      if (all.get(key)) await client.delete(types.endpoints, namespace, name);
      return;
    }
    if (
      !service.spec?.selector ||
      Object.keys(service.spec.selector).length === 0 ||
      service.metadata.deletionTimestamp
    ) {
      return;
    }
    const { namespace, name, labels } = service.metadata;
    const targets = targetsOf(service, pods.list(namespace));
    await write(
      types.endpoints,
      all,
      {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name, namespace, labels },
        subsets: subsetsOf(targets),
      },
      ['subsets'],
    );
    const groups = groupByPorts(targets);
    const names = new Set<string>();
    for (const group of groups.length > 0 ? groups : [[]]) {
      const sliceName = `${name}-${templateHash(
        { service: name, ports: group[0]?.ports ?? [] },
        5,
      )}`;
      names.add(sliceName);
      await write(
        types.endpointSlices,
        slices,
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: sliceName,
            namespace,
            labels: {
              ...labels,
              [SERVICE_LABEL]: name,
              [MANAGED_BY]: 'endpointslice-controller.k8s.io',
            },
            ownerReferences: [controllerReference(service, types.services)],
          },
          addressType: 'IPv4',
          endpoints: group.map(target => ({
            addresses: [target.pod.status?.podIP],
            conditions: {
              ready: target.ready,
              serving: isReady(target.pod),
              terminating: Boolean(target.pod.metadata.deletionTimestamp),
            },
            nodeName: target.pod.spec?.nodeName,
            targetRef: {
              kind: 'Pod',
              namespace,
              name: target.pod.metadata.name,
              uid: target.pod.metadata.uid,
            },
          })),
          ports: group[0]?.ports ?? [],
        },
        ['endpoints', 'ports'],
      );
    }
    for (const slice of slices.list(namespace)) {
      const ours =
        slice.metadata.labels?.[SERVICE_LABEL] === name &&
        slice.metadata.labels?.[MANAGED_BY] ===
          'endpointslice-controller.k8s.io';
      if (ours && !names.has(slice.metadata.name)) {
        await client.delete(
          types.endpointSlices,
          namespace,
          slice.metadata.name,
        );
      }
    }
  });

  services.onChange(service => queue.add(keyOf(service)));
  all.onChange(object => {
    if (services.get(keyOf(object))) queue.add(keyOf(object));
  });
  slices.onChange(slice => {
    const service = slice.metadata.labels?.[SERVICE_LABEL];
    if (service) queue.add(`${slice.metadata.namespace}/${service}`);
  });
  pods.onChange((pod, _change, previous) => {
    for (const service of services.list(pod.metadata.namespace)) {
      const selector = { matchLabels: service.spec?.selector };
      if (
        service.spec?.selector &&
        (matchesSelector(selector, pod.metadata.labels) ||
          (previous && matchesSelector(selector, previous.metadata.labels)))
      ) {
        queue.add(keyOf(service));
      }
    }
  });
  return queue;
}
