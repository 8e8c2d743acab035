import { lifeboatAnnotations } from '@lifeboat/velero-api';
import type { ConfigConsent } from '../config/EngineConfig';
import { selectorProblem } from './labelSelector';

/** One entity that a namespace agreed to. @public */
export interface ConsentEntry {
  /** Entity ref in lower case, such as `component:default/orders`. */
  entity: string;
  /** Label selector of the entity's objects; absent: none was given. */
  selector?: string;
}

/**
 * What was agreed to. `problem` says why nothing can be taken from it, although
 * something is written there.
 * @public
 */
export interface Consent {
  entries: ConsentEntry[];
  problem?: string;
}

const maxAnnotationLength = 64 * 1024;

/**
 * Reads the annotation `lifeboat.dev/entities` of a Namespace: a JSON array of
 * entity refs or of `{"entity", "selector"}`, or entity refs separated by
 * commas. One bad entry spoils all of them, so that nobody gets more than was
 * meant.
 * @public
 */
export function readConsent(namespace: {
  metadata: { annotations?: Record<string, string> };
}): Consent {
  const text = namespace.metadata.annotations?.[lifeboatAnnotations.consent];
  if (text === undefined) return { entries: [] };
  const where = `The annotation ${lifeboatAnnotations.consent}`;
  if (text.length > maxAnnotationLength) {
    return { entries: [], problem: `${where} is too long` };
  }
  const trimmed = text.trim();
  if (trimmed === '') return { entries: [], problem: `${where} is empty` };
  let values: unknown = trimmed.split(',').map(part => part.trim());
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      values = JSON.parse(trimmed);
    } catch {
      return { entries: [], problem: `${where} is not valid JSON` };
    }
  }
  if (!Array.isArray(values)) {
    return { entries: [], problem: `${where} must be a JSON array` };
  }
  return readEntries(values, where);
}

/** What the platform team's config agrees to for a namespace. @public */
export function readConfigConsent(
  config: readonly ConfigConsent[],
  place: { cluster: string; namespace: string },
): Consent {
  const values = config
    .filter(
      item =>
        item.namespace === place.namespace &&
        (item.cluster === undefined || item.cluster === place.cluster),
    )
    .flatMap(item => item.entities);
  return readEntries(
    values,
    `The consent for namespace ${place.namespace} in the configuration`,
  );
}

function readEntries(values: unknown[], where: string): Consent {
  const entries: ConsentEntry[] = [];
  for (const value of values) {
    const entry = readEntry(value);
    if (typeof entry === 'string') {
      return { entries: [], problem: `${where} ${entry}` };
    }
    const before = entries.find(known => known.entity === entry.entity);
    if (before && before.selector !== entry.selector) {
      return {
        entries: [],
        problem: `${where} names ${entry.entity} twice with different selectors`,
      };
    }
    if (!before) entries.push(entry);
  }
  return { entries };
}

/** The entry, or what is wrong with it. */
function readEntry(value: unknown): ConsentEntry | string {
  if (typeof value === 'string') {
    const entity = normalizeEntityRef(value);
    return entity ? { entity } : badRef(value);
  }
  const { entity: ref, selector } = (value ?? {}) as {
    entity?: unknown;
    selector?: unknown;
  };
  const entity = typeof ref === 'string' ? normalizeEntityRef(ref) : undefined;
  if (!entity) return badRef(ref);
  if (selector === undefined) return { entity };
  if (typeof selector !== 'string') {
    return `has a selector for ${entity} that is not a text`;
  }
  const problem = selectorProblem(selector);
  if (problem) return `has an unusable selector for ${entity}: ${problem}`;
  return { entity, selector: selector.trim() };
}

function badRef(ref: unknown): string {
  return `has an entry ${JSON.stringify(
    ref,
  )} that is not an entity ref; its form is kind:namespace/name, such as component:default/orders`;
}

/**
 * A full entity ref in lower case, as the catalog compares them; undefined when
 * the text is none. A missing namespace is `default`.
 * @public
 */
export function normalizeEntityRef(text: string): string | undefined {
  const match =
    /^([a-z][a-z0-9-]*):(?:([a-z0-9][a-z0-9._-]*)\/)?([a-z0-9][a-z0-9._-]*)$/i.exec(
      text.trim(),
    );
  if (!match) return undefined;
  const [, kind, namespace, name] = match;
  return `${kind}:${namespace ?? 'default'}/${name}`.toLocaleLowerCase('en-US');
}
