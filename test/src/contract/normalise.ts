import type { Answer } from './ApiProbe';

/** What both servers must agree on, of one answer. */
export interface Recorded {
  code: number;
  warnings?: number;
  error?: { reason?: string; causes?: { reason: string; field?: string }[] };
  object?: unknown;
}

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** Fields whose values are the server's own choice. */
const chosen: { [field: string]: string } = {
  resourceVersion: '<version>',
  continue: '<continue>',
  clusterIP: '<address>',
  selfLink: '<link>',
  token: '<token>',
};

/** Fields that only the real server has, and that no client of ours reads. */
const ignored = ['managedFields', 'storageVersionHash'];

export function normalise(answer: Answer): Recorded {
  const { code, body, warnings } = answer;
  if (code === 404 && body === undefined) {
    // Paths that lead nowhere are answered with plain text by the real server; clients read it as this.
    return { code, error: { reason: 'NotFound' } };
  }
  const status = body as {
    kind?: string;
    status?: string;
    reason?: string;
    details?: { causes?: { reason: string; field?: string }[] };
  };
  const counted = warnings.length ? { warnings: warnings.length } : {};
  if (status?.kind === 'Status' && status.status === 'Failure') {
    const causes = status.details?.causes?.map(({ reason, field }) => ({
      reason,
      ...(field === undefined ? {} : { field }),
    }));
    return {
      code,
      ...counted,
      error: {
        ...(status.reason ? { reason: status.reason } : {}),
        ...(causes?.length ? { causes: sortCauses(causes) } : {}),
      },
    };
  }
  return {
    code,
    ...counted,
    object: body === undefined ? answer.text : normaliseValue(body),
  };
}

type Cause = { reason: string; field?: string };

/** In one order, each once: the real server names some of them twice. */
function sortCauses(causes: Cause[]): Cause[] {
  const byKey = new Map(causes.map(c => [`${c.field} ${c.reason}`, c]));
  return [...byKey.keys()].sort().map(key => byKey.get(key) as Cause);
}

export function normaliseValue(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) {
    return value.map(item => normaliseValue(item, field));
  }
  if (typeof value === 'object' && value !== null) {
    const object = value as { [field: string]: unknown };
    return Object.fromEntries(
      Object.keys(object)
        .filter(key => !ignored.includes(key))
        .sort()
        .map(key => [
          key.replace(uid, '<uid>'),
          normaliseValue(object[key], key),
        ]),
    );
  }
  if (typeof value !== 'string') return value;
  if (field in chosen && value !== '' && value !== 'None') return chosen[field];
  if (field === 'clusterIPs' && value !== 'None') return '<address>';
  return value
    .replace(uid, '<uid>')
    .replace(time, '<time>')
    .replace(/^kube-api-access-\w{5}$/, 'kube-api-access-<random>')
    .replace(/^(generated-)\w{5}$/, '$1<random>');
}
