import type { Answer, Call } from './ApiProbe';

/** What a later step can look up of earlier ones: the answer's body by the name of the step. */
export type Seen = { [step: string]: Answer };

export interface Step {
  /** What the step is about, and its key in the record. */
  name: string;
  call: Call | ((seen: Seen) => Call);
  /** Reads the answer as a watch of so many events, while these calls are made. */
  watch?: { count: number; meanwhile?: (seen: Seen) => Call[] };
  /** Repeated, for ten seconds at most, until it is not refused: a real server learns of new rights a moment later. */
  onceAllowed?: boolean;
  /** Repeated, for ten seconds at most, until its type is found: a real server serves a new type a moment later. */
  onceServed?: boolean;
  /** Prepares the ground: made, but not recorded. */
  silent?: boolean;
  /** Of what the answer says, only this is recorded, where the rest differs by right. */
  record?: (answer: Answer) => unknown;
}

/**
 * A story of calls that every API server answers alike. `{ns}` in paths and bodies stands for a namespace of its own,
 * which exists with a ServiceAccount `default` unless `namespace` is false.
 */
export interface Case {
  name: string;
  namespace?: false;
  steps: Step[];
}

type Body = object | string | ((seen: Seen) => KubeObject);

/** Records of an answer only what a function takes from it. */
export const taking = (
  step: Step,
  record: (answer: Answer) => unknown,
): Step => ({ ...step, record });

export const get = (name: string, path: string, accept?: string): Step => ({
  name,
  call: { verb: 'GET', path, accept },
});

export const post = (
  name: string,
  path: string,
  body: object | string,
): Step => ({
  name,
  call: { verb: 'POST', path, body },
});

export const put = (name: string, path: string, body: Body): Step => ({
  name,
  call: seen => ({
    verb: 'PUT',
    path,
    body: typeof body === 'function' ? body(seen) : body,
  }),
});

export const patch = (
  name: string,
  path: string,
  kind: 'json' | 'merge' | 'strategic',
  body: object | string,
): Step => ({
  name,
  call: {
    verb: 'PATCH',
    path,
    body,
    contentType: {
      json: 'application/json-patch+json',
      merge: 'application/merge-patch+json',
      strategic: 'application/strategic-merge-patch+json',
    }[kind],
  },
});

export const remove = (name: string, path: string, body?: object): Step => ({
  name,
  call: { verb: 'DELETE', path, body },
});

export const silently = (step: Step): Step => ({ ...step, silent: true });

/** The object of an earlier answer, changed. */
export function changed(
  seen: Seen,
  step: string,
  change: (object: KubeObject) => void,
): KubeObject {
  const object = JSON.parse(seen[step].text) as KubeObject;
  change(object);
  return object;
}

/** An object as a test handles it. */
export interface KubeObject {
  metadata: {
    name?: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: { [name: string]: string };
    annotations?: { [name: string]: string };
    finalizers?: string[];
    [field: string]: unknown;
  };
  spec?: { [field: string]: unknown };
  status?: { [field: string]: unknown };
  [field: string]: unknown;
}

export const seenObject = (seen: Seen, step: string) =>
  seen[step].body as KubeObject;
