import { ApiContext } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import {
  badRequest,
  expired,
  forbiddenValue,
  invalidOption,
  StatusError,
  unsupportedValue,
} from '../StatusError';
import { isObject, stringAt } from '../json';
import { ResourceType } from '../resources/ResourceType';
import { toServed } from '../convert/versions';
import { parseFieldSelector } from '../selectors/fieldSelector';
import { parseLabelSelector } from '../selectors/labelSelector';
import { objectKey } from '../storage/ObjectStorage';

export interface ListResult {
  items: KubeObject[];
  resourceVersion: string;
  continueToken?: string;
  remaining?: number;
}

/** The objects that a request's selectors choose, as they are served. */
export function selection(
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', type);
  return object =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels(object.metadata.labels) &&
    fields(object);
}

interface Continue {
  revision: number;
  after: string;
}

function parseContinue(token: string): Continue {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(token, 'base64url').toString('utf8'),
    );
    if (isObject(value) && typeof value.rv === 'number' && value.rv > 0) {
      return { revision: value.rv, after: stringAt(value, 'start') };
    }
  } catch {
    // not one of ours: answered below
  }
  throw badRequest('continue key is not valid: not a token of this server');
}

function continueToken({ revision, after }: Continue): string {
  return Buffer.from(
    JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after }),
  ).toString('base64url');
}

/** LIST with selectors and pages; every page of one list shows the same revision. */
export function listObjects(
  context: ApiContext,
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
): ListResult {
  const chosen = selection(type, namespace, query);
  const limit = numberOf(query, 'limit');
  const token = query.get('continue');
  const asked = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  checkVersion(asked, match, token);
  let revision = context.storage.revision;
  let after = '';
  if (token) {
    ({ revision, after } = parseContinue(token));
    if (revision > context.storage.revision) throw tooLarge(revision, context);
  } else if (match === 'Exact') {
    revision = Number(asked);
    if (revision > context.storage.revision) throw tooLarge(revision, context);
  } else if (asked && Number(asked) > context.storage.revision) {
    throw tooLarge(Number(asked), context);
  }
  const all = withSelectors(context, type, revision, chosen, match === 'Exact');
  const rest = after ? all.filter(o => keyOf(o) > after) : all;
  if (!limit || rest.length <= limit) {
    return { items: rest, resourceVersion: String(revision) };
  }
  const items = rest.slice(0, limit);
  const selected = query.get('labelSelector') || query.get('fieldSelector');
  return {
    items,
    resourceVersion: String(revision),
    continueToken: continueToken({
      revision,
      after: keyOf(items[items.length - 1]),
    }),
    remaining: selected ? undefined : rest.length - limit,
  };
}

function withSelectors(
  context: ApiContext,
  type: ResourceType,
  revision: number,
  chosen: (object: KubeObject) => boolean,
  exact: boolean,
): KubeObject[] {
  try {
    return context.storage
      .list(type.collection, revision)
      .map(o => toServed(type, o))
      .filter(chosen);
  } catch (error) {
    if (exact && error instanceof StatusError && error.code === 410) {
      throw expired(`The resourceVersion for the provided list is too old.`);
    }
    throw error;
  }
}

function keyOf({ metadata }: KubeObject): string {
  return objectKey(metadata.namespace, metadata.name);
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^\d+$/.test(value)) {
    throw badRequest(
      `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
  return Number(value);
}

function checkVersion(asked: string, match: string, token: string | null) {
  const refuse = (detail: string) =>
    invalidOption(
      'ListOptions',
      forbiddenValue('resourceVersionMatch', detail),
    );
  if (asked && !/^\d+$/.test(asked)) {
    throw badRequest(
      `Invalid value: ${JSON.stringify(
        asked,
      )}: strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax`,
    );
  }
  if (asked && asked !== '0' && token) {
    throw badRequest(
      'specifying resource version is not allowed when using continue',
    );
  }
  if (!match) return;
  if (!asked) {
    throw refuse(
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (token) {
    throw refuse('resourceVersionMatch is forbidden when continue is provided');
  }
  if (!['Exact', 'NotOlderThan'].includes(match)) {
    throw invalidOption(
      'ListOptions',
      unsupportedValue('resourceVersionMatch', match, [
        'Exact',
        'NotOlderThan',
        '',
      ]),
    );
  }
  if (match === 'Exact' && asked === '0') {
    throw refuse(
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
}

function tooLarge(revision: number, context: ApiContext): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Too large resource version: ${revision}, current: ${context.storage.revision}`,
    {
      causes: [
        {
          reason: 'ResourceVersionTooLarge',
          message: 'Too large resource version',
        },
      ],
      retryAfterSeconds: 1,
    },
  );
}
