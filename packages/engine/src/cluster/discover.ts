import type { Discovery } from './Discovery';
import { apiVersionOf, groupResource, type ResourceType } from './ResourceType';

/** Reads one path of the API server as text with its content type. @public */
export type DiscoveryGet = (
  path: string,
  accept?: string,
) => Promise<{ contentType: string; body: unknown }>;

interface AggregatedResource {
  resource: string;
  responseKind?: { kind?: string };
  scope?: string;
  singularResource?: string;
  verbs?: string[];
  shortNames?: string[];
}

interface AggregatedGroup {
  metadata?: { name?: string };
  versions?: {
    version: string;
    resources?: AggregatedResource[];
    freshness?: string;
  }[];
}

interface GroupVersions {
  group: string;
  /** The preferred one first. */
  versions: { version: string; types: ResourceType[] }[];
}

const aggregated =
  'application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,application/json';

/**
 * Reads which types a cluster serves: two requests where the server knows
 * aggregated discovery (Kubernetes 1.30), else one per group version. A group
 * that fails, such as an aggregated API whose server is down, is a warning:
 * the others are still served.
 */
export async function discover(get: DiscoveryGet): Promise<Discovery> {
  const warnings: string[] = [];
  const [version, core, groups] = await Promise.all([
    get('/version'),
    readCore(get, warnings),
    readGroups(get, warnings),
  ]);
  const { gitVersion, major, minor } = version.body as Record<
    string,
    string | undefined
  >;
  return buildDiscovery([...core, ...groups], warnings, {
    gitVersion: gitVersion ?? '',
    major: major ?? '',
    minor: minor ?? '',
  });
}

async function readCore(
  get: DiscoveryGet,
  warnings: string[],
): Promise<GroupVersions[]> {
  const answer = await get('/api', aggregated);
  if (isAggregated(answer.contentType)) {
    return fromAggregated(answer.body, warnings);
  }
  const versions = (answer.body as { versions?: string[] }).versions ?? ['v1'];
  return [
    {
      group: '',
      versions: await readVersions(get, '', versions, warnings),
    },
  ];
}

async function readGroups(
  get: DiscoveryGet,
  warnings: string[],
): Promise<GroupVersions[]> {
  const answer = await get('/apis', aggregated);
  if (isAggregated(answer.contentType)) {
    return fromAggregated(answer.body, warnings);
  }
  const groups =
    (
      answer.body as {
        groups?: {
          name: string;
          versions: { version: string }[];
          preferredVersion?: { version: string };
        }[];
      }
    ).groups ?? [];
  return Promise.all(
    groups.map(async group => {
      const preferred = group.preferredVersion?.version;
      const names = group.versions.map(entry => entry.version);
      const ordered = preferred
        ? [preferred, ...names.filter(name => name !== preferred)]
        : names;
      return {
        group: group.name,
        versions: await readVersions(get, group.name, ordered, warnings),
      };
    }),
  );
}

async function readVersions(
  get: DiscoveryGet,
  group: string,
  versions: string[],
  warnings: string[],
): Promise<GroupVersions['versions']> {
  return Promise.all(
    versions.map(async version => {
      const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
      try {
        const { body } = await get(path);
        const resources =
          (
            body as {
              resources?: {
                name: string;
                kind: string;
                namespaced: boolean;
                singularName?: string;
                verbs?: string[];
                shortNames?: string[];
              }[];
            }
          ).resources ?? [];
        const types = resources
          .filter(resource => !resource.name.includes('/'))
          .map(resource => ({
            group,
            version,
            resource: resource.name,
            kind: resource.kind,
            namespaced: resource.namespaced,
            verbs: resource.verbs ?? [],
            shortNames: resource.shortNames ?? [],
            ...(resource.singularName
              ? { singularName: resource.singularName }
              : {}),
          }));
        return { version, types };
      } catch (error) {
        warnings.push(
          `API group version ${apiVersionOf({
            group,
            version,
          })} could not be read: ${(error as Error).message}`,
        );
        return { version, types: [] };
      }
    }),
  );
}

function isAggregated(contentType: string): boolean {
  return contentType.includes('APIGroupDiscoveryList');
}

function fromAggregated(body: unknown, warnings: string[]): GroupVersions[] {
  const items = (body as { items?: AggregatedGroup[] }).items ?? [];
  return items.map(item => {
    const group = item.metadata?.name ?? '';
    const versions = (item.versions ?? []).map(entry => {
      if (entry.freshness === 'Stale') {
        warnings.push(
          `API group version ${apiVersionOf({
            group,
            version: entry.version,
          })} is served by an extension that does not answer; its objects may be missing`,
        );
      }
      const types = (entry.resources ?? []).map(resource => ({
        group,
        version: entry.version,
        resource: resource.resource,
        kind: resource.responseKind?.kind ?? '',
        namespaced: resource.scope === 'Namespaced',
        verbs: resource.verbs ?? [],
        shortNames: resource.shortNames ?? [],
        ...(resource.singularResource
          ? { singularName: resource.singularResource }
          : {}),
      }));
      return { version: entry.version, types };
    });
    return { group, versions };
  });
}

/** Builds the look-ups over what was read. @public */
export function buildDiscovery(
  groups: GroupVersions[],
  warnings: string[],
  serverVersion: Discovery['serverVersion'],
): Discovery {
  const all: ResourceType[] = [];
  const preferred: ResourceType[] = [];
  const byName = new Map<string, ResourceType>();
  const byKind = new Map<string, ResourceType>();

  const remember = (name: string, type: ResourceType) => {
    const key = name.toLowerCase();
    if (key && !byName.has(key)) byName.set(key, type);
  };

  for (const { group, versions } of groups) {
    const seen = new Set<string>();
    for (const { types } of versions) {
      for (const type of types) {
        all.push(type);
        const kindKey = `${apiVersionOf(type)}/${type.kind}`;
        if (!byKind.has(kindKey)) byKind.set(kindKey, type);
        if (seen.has(type.resource)) continue;
        seen.add(type.resource);
        preferred.push(type);
        if (group) remember(groupResource(type), type);
      }
    }
  }
  // Exact plurals win over other names, and earlier groups over later ones.
  for (const type of preferred) remember(type.resource, type);
  for (const type of preferred) {
    const names = [type.singularName ?? '', type.kind, ...type.shortNames];
    for (const name of names) remember(name, type);
    if (type.group) {
      for (const name of names)
        if (name) remember(`${name}.${type.group}`, type);
    }
  }
  for (const type of all) {
    if (type.group) {
      remember(`${type.resource}.${type.version}.${type.group}`, type);
    }
  }
  return {
    all,
    preferred,
    warnings,
    serverVersion,
    find: name => byName.get(name.toLowerCase()),
    forKind: (apiVersion, kind) => byKind.get(`${apiVersion}/${kind}`),
  };
}
