import { Service, subsetsOf, targetsOf } from './endpoints';
import { Pod } from './Workload';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'n' },
  spec: {
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'http' }],
  },
};

function pod(name: string, ready: boolean, change: Partial<Pod> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'n', labels: { app: 'web' } },
    spec: {
      containers: [
        { name: 'c', ports: [{ name: 'http', containerPort: 8080 }] },
      ],
    },
    status: {
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
    ...change,
  };
}

describe('targetsOf and subsetsOf', () => {
  it('name ready and waiting pods with the real port', () => {
    const local = pod('a', true, {
      metadata: {
        name: 'a',
        namespace: 'n',
        labels: { app: 'web' },
        annotations: { 'dev-cluster.lifeboat.dev/port-8080': '41000' },
      },
    });
    const subsets = subsetsOf(targetsOf(service, [pod('b', false), local]));
    expect(subsets).toMatchObject([
      {
        addresses: [{ targetRef: { name: 'a' } }],
        ports: [{ name: 'http', port: 41000, protocol: 'TCP' }],
      },
      {
        notReadyAddresses: [{ targetRef: { name: 'b' } }],
        ports: [{ port: 8080 }],
      },
    ]);
  });

  it('leave out other pods, finished pods and pods without an address', () => {
    const targets = targetsOf(service, [
      pod('other', true, {
        metadata: { name: 'other', namespace: 'n', labels: { app: 'db' } },
      }),
      pod('done', true, { status: { podIP: '10.0.0.2', phase: 'Succeeded' } }),
      pod('new', false, { status: {} }),
    ]);
    expect(targets).toEqual([]);
  });

  it('count terminating pods as not ready', () => {
    const going = pod('a', true);
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(targetsOf(service, [going])[0].ready).toBe(false);
  });
});
