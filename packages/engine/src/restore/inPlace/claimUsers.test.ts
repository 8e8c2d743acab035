import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { findClaimUsers } from './claimUsers';

const volumes = (claim: string) => ({
  volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim } }],
});

function object(
  kind: string,
  name: string,
  rest: { [field: string]: unknown },
  owner?: { kind: string; name: string },
): KubernetesObject {
  return {
    apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
    kind,
    metadata: {
      namespace: 'shop',
      name,
      uid: `${kind}/${name}`,
      ...(owner && {
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            ...owner,
            uid: `${owner.kind}/${owner.name}`,
            controller: true,
          },
        ],
      }),
    },
    ...rest,
  };
}

describe('findClaimUsers', () => {
  const find = (...objects: KubernetesObject[]) =>
    findClaimUsers(new Set(['data']), objects);

  it('goes from a pod to the workload that makes it again', () => {
    const users = find(
      object('Deployment', 'web', { spec: { replicas: 3, template: {} } }),
      object(
        'ReplicaSet',
        'web-1',
        { spec: { replicas: 3 } },
        { kind: 'Deployment', name: 'web' },
      ),
      object(
        'Pod',
        'web-1-x',
        { spec: { nodeName: 'node-1', ...volumes('data') } },
        { kind: 'ReplicaSet', name: 'web-1' },
      ),
    );
    expect(users.problems).toEqual([]);
    expect(users.workloads).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'web',
        uid: 'Deployment/web',
        replicas: 3,
      },
    ]);
    expect(users.nodes.get('data')).toBe('node-1');
  });

  it('knows the claims of a StatefulSet’s templates, and no others', () => {
    const set = (name: string) =>
      object('StatefulSet', name, {
        spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] },
      });
    const users = findClaimUsers(new Set(['data-db-0', 'data-db-old']), [
      set('db'),
      set('other'),
    ]);
    expect(users.workloads.map(({ name }) => name)).toEqual(['db']);
  });

  it('stops what calls others first, and what stores data last', () => {
    const template = { template: { spec: volumes('data') } };
    const users = find(
      object('StatefulSet', 'db', { spec: { replicas: 1, ...template } }),
      object('Deployment', 'web', { spec: { replicas: 2, ...template } }),
      object('CronJob', 'nightly', {
        spec: { jobTemplate: { spec: template } },
      }),
      object('CronJob', 'paused', {
        spec: { suspend: true, jobTemplate: { spec: template } },
      }),
      object('Deployment', 'off', { spec: { replicas: 0, ...template } }),
    );
    expect(users.workloads.map(({ name }) => name)).toEqual([
      'nightly',
      'web',
      'db',
    ]);
  });

  it('names what nobody would start again', () => {
    const users = find(
      object('Pod', 'by-hand', { spec: volumes('data') }),
      object('DaemonSet', 'agents', {
        spec: { template: { spec: volumes('data') } },
      }),
      object(
        'Pod',
        'of-an-operator',
        { spec: volumes('data') },
        { kind: 'Database', name: 'main' },
      ),
      object('Pod', 'done', {
        spec: volumes('data'),
        status: { phase: 'Succeeded' },
      }),
    );
    expect(users.workloads).toEqual([]);
    expect(users.problems).toEqual([
      'pod by-hand uses the claim, and no workload would make it again: delete it first',
      'DaemonSet agents uses the claim and cannot be scaled down',
      'pod of-an-operator uses the claim and belongs to Database main, which cannot be scaled down',
    ]);
  });
});
