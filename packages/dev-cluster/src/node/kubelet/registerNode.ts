import { types } from '../api/Resource';
import { ControllerContext } from '../controllers/ControllerContext';

/** Where the volumes of pods are on this machine, as a host path. */
const PODS_PATH = 'dev-cluster.lifeboat.dev/pods-path';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** What the Node object says. */
export interface NodeFacts {
  name: string;
  kubeletPort: number;
  podsDirectory: string;
  /** False: as the control plane writes when a kubelet is silent. */
  ready: boolean;
}

/** Creates or renews the Node object. */
export async function registerNode(
  { client, now }: ControllerContext,
  { name, kubeletPort, podsDirectory, ready }: NodeFacts,
): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
        'node-role.kubernetes.io/worker': '',
      },
      annotations: { [PODS_PATH]: podsDirectory },
    },
    spec: {
      taints: ready
        ? null
        : ['NoSchedule', 'NoExecute'].map(effect => ({
            key: UNREACHABLE,
            effect,
          })),
    },
  };
  if (await client.find(types.nodes, undefined, name)) {
    await client.patch(types.nodes, undefined, name, {
      metadata: node.metadata,
      spec: node.spec,
    });
  } else {
    await client.create(types.nodes, undefined, { ...node, spec: {} });
  }
  const time = now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  const capacity = {
    cpu: '8',
    memory: '16Gi',
    pods: '500',
    'ephemeral-storage': '100Gi',
  };
  await client.patch(
    types.nodes,
    undefined,
    name,
    {
      status: {
        addresses: [
          { type: 'InternalIP', address: '127.0.0.1' },
          { type: 'Hostname', address: name },
        ],
        capacity,
        allocatable: capacity,
        conditions: [
          {
            type: 'Ready',
            ...(ready
              ? {
                  status: 'True',
                  reason: 'KubeletReady',
                  message: 'kubelet is posting ready status',
                }
              : {
                  status: 'Unknown',
                  reason: 'NodeStatusUnknown',
                  message: 'Kubelet stopped posting node status.',
                }),
            lastHeartbeatTime: time,
            lastTransitionTime: time,
          },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
        nodeInfo: {
          architecture: process.arch === 'x64' ? 'amd64' : process.arch,
          bootID: '',
          containerRuntimeVersion: `dev-node://${process.versions.node}`,
          kernelVersion: '',
          kubeProxyVersion: '',
          kubeletVersion: 'v1.34.1',
          machineID: '',
          operatingSystem: 'linux',
          osImage: 'dev-cluster',
          systemUUID: '',
        },
      },
    },
    { subresource: 'status' },
  );
}
