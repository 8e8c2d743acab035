import { backupResourceFilter } from './backupResourceFilter';
import { IncludesExcludes } from './IncludesExcludes';
import { NamespaceFilter } from './NamespaceFilter';
import { createResourceResolver, type NamedResource } from './ResourceFilter';

const types: NamedResource[] = [
  {
    group: '',
    resource: 'pods',
    singularName: 'pod',
    shortNames: ['po'],
    namespaced: true,
  },
  { group: '', resource: 'secrets', kind: 'Secret', namespaced: true },
  {
    group: 'apps',
    resource: 'deployments',
    kind: 'Deployment',
    shortNames: ['deploy'],
    namespaced: true,
  },
  { group: '', resource: 'events', kind: 'Event', namespaced: true },
  {
    group: 'events.k8s.io',
    resource: 'events',
    kind: 'Event',
    namespaced: true,
  },
  { group: '', resource: 'namespaces', kind: 'Namespace', namespaced: false },
  {
    group: '',
    resource: 'persistentvolumes',
    kind: 'PersistentVolume',
    shortNames: ['pv'],
    namespaced: false,
  },
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'clusterroles',
    kind: 'ClusterRole',
    namespaced: false,
  },
];
const resolve = createResourceResolver(types);
const all = [
  'pods',
  'secrets',
  'deployments.apps',
  'namespaces',
  'persistentvolumes',
  'clusterroles.rbac.authorization.k8s.io',
];
const existing = ['shop', 'shop-b', 'other'];

const collected = (
  spec: Parameters<typeof backupResourceFilter>[0],
  policy?: Parameters<typeof backupResourceFilter>[3],
) => {
  const namespaces = NamespaceFilter.create(
    spec.includedNamespaces,
    spec.excludedNamespaces,
    existing,
  );
  const filter = backupResourceFilter(spec, namespaces, resolve, policy);
  return all.filter(name => filter.shouldInclude(name));
};

describe('createResourceResolver', () => {
  it.each([
    ['pods', 'pods'],
    ['Pods', 'pods'],
    ['pod', 'pods'],
    ['po', 'pods'],
    ['deploy', 'deployments.apps'],
    ['deployments.apps', 'deployments.apps'],
    ['deployment.app', 'deployments.apps'],
    ['events', 'events'],
    ['events.events.k8s.io', 'events.events.k8s.io'],
    ['secrets.v1', undefined],
    ['unknown', undefined],
  ])('%s is %s', (name, expected) => {
    expect(resolve(name)?.groupResource).toBe(expected);
  });
});

describe('old filters', () => {
  it('take cluster-scoped objects only with all namespaces', () => {
    expect(collected({ includedResources: ['*'] })).toEqual(all);
    expect(
      collected({ includedResources: ['*'], includedNamespaces: ['shop'] }),
    ).toEqual(['pods', 'secrets', 'deployments.apps', 'namespaces']);
  });

  it('leave them out, or take them, when told', () => {
    expect(collected({ includeClusterResources: false })).toEqual([
      'pods',
      'secrets',
      'deployments.apps',
    ]);
    expect(
      collected({
        includeClusterResources: true,
        includedNamespaces: ['shop'],
      }),
    ).toEqual(all);
  });

  it('resolve short names, and never turn unknown names into everything', () => {
    expect(collected({ includedResources: ['po', 'deploy'] })).toEqual([
      'pods',
      'deployments.apps',
    ]);
    expect(collected({ includedResources: ['nonsense'] })).toEqual([]);
  });
});

describe('scoped filters', () => {
  it('take everything without any filter', () => {
    expect(collected({})).toEqual(all);
  });

  it('take only namespaces of cluster-scoped types from some namespaces', () => {
    expect(collected({ includedNamespaces: ['shop'] })).toEqual([
      'pods',
      'secrets',
      'deployments.apps',
      'namespaces',
    ]);
  });

  it('take cluster-scoped types by name', () => {
    expect(
      collected({
        includedNamespaces: ['shop'],
        includedClusterScopedResources: ['pv'],
        excludedNamespaceScopedResources: ['secrets'],
      }),
    ).toEqual(['pods', 'deployments.apps', 'namespaces', 'persistentvolumes']);
  });

  it('drop names of the other scope', () => {
    expect(
      collected({ includedNamespaceScopedResources: ['pods', 'pv'] }),
    ).toEqual(['pods', 'namespaces']);
  });

  it('leave out everything namespaced', () => {
    expect(collected({ excludedNamespaceScopedResources: ['*'] })).toEqual([
      'namespaces',
    ]);
  });

  it('follow a policy only where the spec says nothing', () => {
    expect(
      collected(
        {
          includedNamespaces: ['shop'],
          includedNamespaceScopedResources: ['pods'],
        },
        {
          excludedNamespaceScopedResources: ['pods'],
          includedNamespaceScopedResources: ['secrets'],
          includedClusterScopedResources: ['pv'],
        },
      ),
    ).toEqual(['pods', 'secrets', 'namespaces', 'persistentvolumes']);
  });
});

describe('NamespaceFilter', () => {
  const names = (includes: string[], excludes: string[] = []) =>
    NamespaceFilter.create(includes, excludes, existing).namespaces();

  it('replaces patterns by the names that exist', () => {
    expect(names(['shop*'])).toEqual(['shop', 'shop-b']);
    expect(names(['shop*'], ['*-b'])).toEqual(['shop']);
  });

  it('takes nothing, not everything, when a pattern matches nothing', () => {
    const filter = NamespaceFilter.create(['missing-*'], [], existing);
    expect(filter.namespaces()).toEqual([]);
    expect(filter.shouldInclude('shop')).toBe(false);
    expect(filter.includeEverything()).toBe(false);
  });

  it('takes all without lists', () => {
    expect(names([])).toEqual(existing);
    expect(names(['*'], ['other'])).toEqual(['shop', 'shop-b']);
    expect(
      NamespaceFilter.create(undefined, undefined, []).includeEverything(),
    ).toBe(true);
  });

  it('refuses patterns that Velero refuses', () => {
    expect(() => names(['shop-**'])).toThrow('consecutive asterisks');
    expect(() => names(['shop'], ['{a,b}*'])).toThrow('unsupported characters');
  });
});

describe('IncludesExcludes', () => {
  it('ignores a pattern that cannot be understood', () => {
    expect(new IncludesExcludes(['[ab'], []).shouldInclude('a')).toBe(false);
    expect(new IncludesExcludes(['[ab'], []).shouldInclude('[ab')).toBe(true);
  });
});
