import type { ScopedResourceLists } from '@lifeboat/velero-api';
import { parse } from 'yaml';
import { isJsonObject, JsonObject } from '../../backup/jsonPath';
import { parseQuantity } from './quantity';
import type {
  ResourcePolicies,
  VolumeAction,
  VolumeActionType,
  VolumeConditions,
} from './ResourcePolicies';

const actionTypes: VolumeActionType[] = [
  'skip',
  'snapshot',
  'fs-backup',
  'custom',
];

const listNames = [
  'includedClusterScopedResources',
  'excludedClusterScopedResources',
  'includedNamespaceScopedResources',
  'excludedNamespaceScopedResources',
] as const;

/**
 * Reads a resource policy document and checks it whole.
 *
 * @param yaml - the document; unknown and repeated fields are refused
 * @throws Error that names the field and what is allowed
 *
 * Source: Velero `internal/resourcepolicies`: version `v1`, first matching policy wins.
 */
export function parsePolicies(yaml: string): ResourcePolicies {
  let document: unknown;
  try {
    // Aliases could make a small text a huge document.
    document = parse(yaml, { uniqueKeys: true, maxAliasCount: 0 });
  } catch (error) {
    throw new Error(
      `the document is not YAML: ${(error as Error).message.split('\n')[0]}`,
    );
  }
  return checkPolicies(document);
}

/** @see parsePolicies */
export function checkPolicies(document: unknown): ResourcePolicies {
  const root = object(document, 'the document', [
    'version',
    'volumePolicies',
    'includeExcludePolicy',
  ]);
  if (root.version !== 'v1') {
    throw new Error(
      `version: "${
        root.version ?? ''
      }" is not supported; the only version is v1`,
    );
  }
  const policies = root.volumePolicies ?? [];
  if (!Array.isArray(policies)) {
    throw new Error('volumePolicies: must be a list');
  }
  const volumePolicies = policies.map((value, index) => {
    const at = `volumePolicies[${index}]`;
    const policy = object(value, at, ['conditions', 'action']);
    return {
      conditions: checkConditions(policy.conditions, `${at}.conditions`),
      action: checkAction(policy.action, `${at}.action`),
    };
  });
  return {
    volumePolicies,
    ...(root.includeExcludePolicy !== undefined &&
      root.includeExcludePolicy !== null && {
        includeExcludePolicy: checkLists(root.includeExcludePolicy),
      }),
  };
}

function checkAction(value: unknown, at: string): VolumeAction {
  const action = object(value, at, ['type', 'parameters']);
  const type = actionTypes.find(known => known === action.type);
  if (!type) {
    throw new Error(
      `${at}.type: "${
        action.type ?? ''
      }" is unknown; allowed are ${actionTypes.join(', ')}`,
    );
  }
  return {
    type,
    ...(isJsonObject(action.parameters) && { parameters: action.parameters }),
  };
}

function checkConditions(value: unknown, at: string): VolumeConditions {
  const found = object(value ?? {}, at, [
    'capacity',
    'storageClass',
    'nfs',
    'csi',
    'volumeTypes',
    'pvcLabels',
    'pvcPhase',
  ]);
  const csi = isGiven(found.csi)
    ? object(found.csi, `${at}.csi`, ['driver', 'volumeAttributes'])
    : undefined;
  const nfs = isGiven(found.nfs)
    ? object(found.nfs, `${at}.nfs`, ['server', 'path'])
    : undefined;
  const attributes = texts(csi?.volumeAttributes, `${at}.csi.volumeAttributes`);
  const driver = text(csi?.driver, `${at}.csi.driver`);
  if (attributes && !driver) {
    throw new Error(
      `${at}.csi.driver: must be given when volumeAttributes are`,
    );
  }
  const server = text(nfs?.server, `${at}.nfs.server`);
  const path = text(nfs?.path, `${at}.nfs.path`);
  return {
    capacity: checkCapacity(found.capacity, `${at}.capacity`),
    storageClass: list(found.storageClass, `${at}.storageClass`),
    ...(nfs && { nfs: { server, path } }),
    ...(csi && { csi: { driver, volumeAttributes: attributes } }),
    volumeTypes: list(found.volumeTypes, `${at}.volumeTypes`),
    pvcLabels: texts(found.pvcLabels, `${at}.pvcLabels`),
    pvcPhase: list(found.pvcPhase, `${at}.pvcPhase`),
  };
}

function checkCapacity(
  value: unknown,
  at: string,
): VolumeConditions['capacity'] {
  const given = text(value, at) || ',';
  const bounds = given.split(',').map(bound => bound.trim());
  if (bounds.length !== 2) {
    throw new Error(
      `${at}: "${given}" must be two bounds with a comma, such as "10Gi,100Gi", "10Gi," or ",100Gi"`,
    );
  }
  let quantities: bigint[];
  try {
    quantities = bounds.map(bound => (bound ? parseQuantity(bound) : 0n));
  } catch (error) {
    throw new Error(`${at}: ${(error as Error).message}`);
  }
  const [lower, upper] = quantities;
  if (upper < lower && upper !== 0n) {
    throw new Error(`${at}: "${given}": the lower bound is above the upper`);
  }
  return { lower, upper };
}

function checkLists(value: unknown): ScopedResourceLists {
  const at = 'includeExcludePolicy';
  const found = object(value, at, [...listNames]);
  const lists = Object.fromEntries(
    listNames.map(name => [name, list(found[name], `${at}.${name}`) ?? []]),
  ) as { [name in (typeof listNames)[number]]: string[] };
  for (const name of listNames) {
    if (lists[name].includes('*')) {
      throw new Error(`${at}.${name}: "*" cannot be used in a policy`);
    }
  }
  for (const scope of ['ClusterScoped', 'NamespaceScoped'] as const) {
    const twice = lists[`excluded${scope}Resources`].find(name =>
      lists[`included${scope}Resources`].includes(name),
    );
    if (twice) {
      throw new Error(
        `${at}.excluded${scope}Resources: "${twice}" is in the list of included ones too`,
      );
    }
  }
  return lists;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function object(value: unknown, at: string, fields: string[]): JsonObject {
  if (!isJsonObject(value)) {
    throw new Error(`${at}: must be a map`);
  }
  const unknown = Object.keys(value).find(key => !fields.includes(key));
  if (unknown !== undefined) {
    throw new Error(
      `${at}: field "${unknown}" is unknown; allowed are ${fields.join(', ')}`,
    );
  }
  return value;
}

function text(value: unknown, at: string): string | undefined {
  if (!isGiven(value)) {
    return undefined;
  }
  if (typeof value === 'object') {
    throw new Error(`${at}: must be a text`);
  }
  return String(value);
}

function list(value: unknown, at: string): string[] | undefined {
  if (!isGiven(value)) {
    return undefined;
  }
  if (!Array.isArray(value)) {
    throw new Error(`${at}: must be a list of texts`);
  }
  return value.map((each, index) => text(each, `${at}[${index}]`) ?? '');
}

function texts(
  value: unknown,
  at: string,
): { [key: string]: string } | undefined {
  if (!isGiven(value)) {
    return undefined;
  }
  if (!isJsonObject(value)) {
    throw new Error(`${at}: must be a map of texts`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      text(each, `${at}.${key}`) ?? '',
    ]),
  );
}
