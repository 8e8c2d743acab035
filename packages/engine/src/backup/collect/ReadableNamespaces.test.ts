import type {
  ApiObject,
  KubernetesObject,
} from '../../cluster/KubernetesObject';
import { MemoryClusterClient } from '../../testing/MemoryClusterClient';
import { ReadableNamespaces } from './ReadableNamespaces';

const namespaceOf = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** Answers questions about rights as RBAC does. */
class ClusterWithRights extends MemoryClusterClient {
  constructor(
    private readonly rules: { [namespace: string]: object[] | 'incomplete' },
  ) {
    super([
      {
        group: '',
        version: 'v1',
        resource: 'namespaces',
        kind: 'Namespace',
        namespaced: false,
        items: ['shop', 'other', 'openshift-adp'].map(namespaceOf),
      },
      {
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        kind: 'Deployment',
        namespaced: true,
      },
    ]);
  }

  override async create<T extends ApiObject = KubernetesObject>(
    _type: unknown,
    object: T,
  ): Promise<T> {
    const { namespace } = (object as unknown as { spec: { namespace: string } })
      .spec;
    const found = this.rules[namespace] ?? [];
    return {
      ...object,
      status:
        found === 'incomplete'
          ? { incomplete: true, resourceRules: [] }
          : { incomplete: false, resourceRules: found },
    };
  }
}

const clusterWide = {
  verbs: ['get', 'list'],
  apiGroups: [''],
  resources: ['namespaces'],
};

function readable(
  rules: { [namespace: string]: object[] | 'incomplete' },
  toList?: string[],
) {
  const client = new ClusterWithRights(rules);
  return new ReadableNamespaces({
    client,
    choice: {
      shouldInclude: name => name !== 'openshift-adp',
      includesEverything: !toList,
      toList,
    },
    types: client.types,
    signal: new AbortController().signal,
  });
}

describe('ReadableNamespaces', () => {
  it('lists over all namespaces until that is forbidden, then one by one', async () => {
    const namespaces = readable({ shop: [] });
    expect(namespaces.toList()).toBeUndefined();
    expect(await namespaces.explain(undefined)).toBe('not in all namespaces');
    expect(namespaces.toList()).toEqual(['shop', 'other']);
  });

  it('drops a namespace in which nothing namespaced may be listed', async () => {
    const namespaces = readable({ shop: [clusterWide] }, ['shop', 'other']);
    expect(await namespaces.explain('shop')).toBe('unserved');
    expect(namespaces.isRefused('shop')).toBe(true);
    expect(namespaces.toList()).toEqual(['other']);
  });

  it('tells a namespace that does not exist', async () => {
    const namespaces = readable({}, ['nowhere']);
    expect(await namespaces.explain('nowhere')).toBe('missing');
    expect(namespaces.toList()).toEqual([]);
  });

  it.each([
    [
      'other types may be listed',
      [{ verbs: ['*'], apiGroups: ['apps'], resources: ['*'] }],
    ],
    ['the authorizer cannot tell', 'incomplete' as const],
  ])('keeps a namespace when %s', async (_, rules) => {
    const namespaces = readable({ shop: rules }, ['shop']);
    expect(await namespaces.explain('shop')).toBe('this type');
    expect(namespaces.toList()).toEqual(['shop']);
  });

  it('does not take rights to single objects for rights to list', async () => {
    const rule = {
      verbs: ['list'],
      apiGroups: ['*'],
      resources: ['*'],
      resourceNames: ['one'],
    };
    const namespaces = readable({ shop: [rule] }, ['shop']);
    expect(await namespaces.explain('shop')).toBe('unserved');
  });
});
