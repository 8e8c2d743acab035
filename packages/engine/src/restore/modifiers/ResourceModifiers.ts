import { IncludesExcludes, LabelSelector } from '@lifeboat/velero-api';
import { parse as parseYaml } from 'yaml';
import { isJsonObject, JsonObject } from '../../backup/jsonPath';
import { matchesSelector } from '../../backup/labelSelector';
import { isRawNumber, parseJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { boundedPattern } from './boundedPattern';
import {
  applyJsonPatch,
  PatchOperation,
  PatchTestFailed,
  valueAtPointer,
} from './jsonPatch';
import { applyMergePatch } from './mergePatch';
import { applyStrategicMergePatch } from './strategicMergePatch';

/** One JSON Patch operation as the rules write it: the value is a text. */
export interface ModifierPatch {
  operation: string;
  from?: string;
  path: string;
  value?: string;
}

/** Which objects a rule is for; all parts must hold. */
export interface ModifierConditions {
  namespaces?: string[];
  /** Glob such as `deployments.apps` or `*`. */
  groupResource: string;
  resourceNameRegex?: string;
  labelSelector?: LabelSelector;
  matches?: { path: string; value?: string }[];
}

/** One rule; exactly one kind of patches. */
export interface ResourceModifierRule {
  conditions: ModifierConditions;
  patches?: ModifierPatch[];
  mergePatches?: { patchData?: string }[];
  strategicPatches?: { patchData?: string }[];
}

/** Changes to objects on their way back. Source: Velero `internal/resourcemodifiers`. */
export interface ResourceModifiers {
  version: string;
  resourceModifierRules: ResourceModifierRule[];
}

const allowed: { [where: string]: readonly string[] } = {
  document: ['version', 'resourceModifierRules'],
  rule: ['conditions', 'patches', 'mergePatches', 'strategicPatches'],
  conditions: [
    'namespaces',
    'groupResource',
    'resourceNameRegex',
    'labelSelector',
    'matches',
  ],
  patch: ['operation', 'from', 'path', 'value'],
  match: ['path', 'value'],
  data: ['patchData'],
};

function check(where: keyof typeof allowed, value: unknown): JsonObject {
  if (!isJsonObject(value)) {
    throw decodeError(`expected an object where a ${where} belongs`);
  }
  const unknown = Object.keys(value).find(key => !allowed[where].includes(key));
  if (unknown) {
    throw decodeError(`json: unknown field "${unknown}"`);
  }
  return value;
}

function decodeError(reason: string): Error {
  return new Error(
    `failed to decode yaml data into resource modifiers, err: error unmarshaling JSON: while decoding JSON: ${reason}`,
  );
}

function list(value: unknown): unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (!Array.isArray(value)) {
    throw decodeError('expected a list');
  }
  return value;
}

/**
 * Reads the rules from the data of a ConfigMap: exactly one key, YAML or JSON, unknown fields refused.
 *
 * @throws Error that says what is wrong
 */
export function parseResourceModifiers(
  data: { [key: string]: string } | undefined,
): ResourceModifiers {
  const texts = Object.values(data ?? {});
  if (texts.length !== 1) {
    throw new Error(
      `illegal resource modifiers: the ConfigMap must have exactly one key, not ${texts.length}`,
    );
  }
  let document: unknown;
  try {
    document = parseYaml(texts[0], { uniqueKeys: true });
  } catch (error) {
    throw decodeError((error as Error).message);
  }
  const root = check('document', document ?? {});
  for (const entry of list(root.resourceModifierRules)) {
    const rule = check('rule', entry);
    const conditions = check('conditions', rule.conditions ?? {});
    list(conditions.matches).forEach(match => check('match', match));
    list(rule.patches).forEach(patch => {
      const { value } = check('patch', patch);
      if (value !== undefined && value !== null && typeof value !== 'string') {
        throw decodeError(
          `json: cannot unmarshal ${typeof value} into Go struct field JSONPatch.value of type string`,
        );
      }
    });
    list(rule.mergePatches).forEach(patch => check('data', patch));
    list(rule.strategicPatches).forEach(patch => check('data', patch));
  }
  return {
    version: String(root.version ?? ''),
    resourceModifierRules: list(
      root.resourceModifierRules,
    ) as ResourceModifierRule[],
  };
}

const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** What is wrong with one JSON Patch operation, or undefined. */
export function patchProblem(patch: ModifierPatch): string | undefined {
  if (!patch.operation) {
    return 'operation cannot be empty';
  }
  if (!operations.includes(patch.operation)) {
    return `operation ${
      patch.operation
    } is not supported, must be one of ${operations.join(', ')}`;
  }
  if (!patch.path) {
    return 'path cannot be empty';
  }
  if (
    (patch.operation === 'move' || patch.operation === 'copy') &&
    !patch.from
  ) {
    return `from cannot be empty for operation ${patch.operation}`;
  }
  return undefined;
}

/** What is wrong with the rules, or undefined. */
export function modifiersProblem(
  modifiers: ResourceModifiers,
): string | undefined {
  if (modifiers.version !== 'v1') {
    return `unsupported resource modifier version ${modifiers.version}`;
  }
  if ((modifiers.resourceModifierRules ?? []).length === 0) {
    return 'resource modifier rules cannot be empty';
  }
  for (const rule of modifiers.resourceModifierRules) {
    if (!rule.conditions?.groupResource) {
      return 'groupkResource cannot be empty';
    }
    const kinds = [
      rule.patches,
      rule.mergePatches,
      rule.strategicPatches,
    ].filter(patches => (patches ?? []).length > 0).length;
    if (kinds > 1) {
      return 'only one of patches, mergePatches, strategicPatches can be specified';
    }
    if (kinds === 0) {
      return 'must specify one of patches, mergePatches, strategicPatches';
    }
    for (const patch of rule.patches ?? []) {
      const problem = patchProblem(patch);
      if (problem) {
        return problem;
      }
    }
  }
  return undefined;
}

/**
 * The text of a patch's value as JSON: numbers, `true`, `false`, `null`, objects, lists and quoted texts are taken raw, everything
 * else is a text.
 */
export function patchValue(text: string | undefined): unknown {
  const value = text ?? '';
  const trimmed = value.trim();
  if (/^[{["]/.test(trimmed) || /^(true|false|null)$/.test(trimmed)) {
    try {
      return parseJson(trimmed);
    } catch {
      return value;
    }
  }
  if (
    trimmed !== '' &&
    /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(trimmed)
  ) {
    return parseJson(trimmed);
  }
  return value;
}

/** Patterns are compiled once, not once per object. */
const patterns = new WeakMap<
  ModifierConditions,
  { text: string; matches: (name: string) => boolean }
>();

function nameMatches(
  conditions: ModifierConditions,
  text: string,
  name: string,
): boolean {
  let known = patterns.get(conditions);
  if (known?.text !== text) {
    known = { text, matches: boundedPattern(text) };
    patterns.set(conditions, known);
  }
  return known.matches(name);
}

function pathMatches(
  object: KubernetesObject,
  match: { path: string; value?: string },
): boolean {
  let found: unknown;
  try {
    found = valueAtPointer(object, match.path);
  } catch {
    return !match.value;
  }
  if (found === undefined || found === null) {
    return !match.value || match.value === 'null';
  }
  const wanted = patchValue(match.value);
  const text = (value: unknown) =>
    isRawNumber(value) ? value.rawJSON : JSON.stringify(value);
  return text(found) === text(wanted);
}

/**
 * Whether a rule is for an object.
 *
 * @throws Error for a name pattern that is no regular expression
 */
export function conditionsHold(
  conditions: ModifierConditions,
  object: KubernetesObject,
  groupResource: string,
): boolean {
  const { namespaces = [], resourceNameRegex, labelSelector } = conditions;
  const namespace = object.metadata.namespace ?? '';
  if (namespaces.length > 0 && !namespaces.includes(namespace)) {
    return false;
  }
  if (
    !new IncludesExcludes([conditions.groupResource]).shouldInclude(
      groupResource,
    )
  ) {
    return false;
  }
  if (
    resourceNameRegex &&
    !nameMatches(conditions, resourceNameRegex, object.metadata.name ?? '')
  ) {
    return false;
  }
  if (
    labelSelector &&
    !matchesSelector(object.metadata.labels, labelSelector)
  ) {
    return false;
  }
  return (conditions.matches ?? []).every(match => pathMatches(object, match));
}

function patchDocument(text: string | undefined): JsonObject {
  const document: unknown = parseYaml(text ?? '');
  if (!isJsonObject(document)) {
    throw new Error('patchData must be an object in YAML or JSON');
  }
  return document;
}

function applyRule(
  object: KubernetesObject,
  rule: ResourceModifierRule,
): KubernetesObject {
  if (rule.mergePatches?.length) {
    return rule.mergePatches.reduce(
      (current, patch) =>
        applyMergePatch(current, patchDocument(patch.patchData)),
      object,
    );
  }
  if (rule.strategicPatches?.length) {
    return rule.strategicPatches.reduce(
      (current, patch) =>
        applyStrategicMergePatch(current, patchDocument(patch.patchData)),
      object,
    );
  }
  const patch: PatchOperation[] = (rule.patches ?? []).map(operation => ({
    op: operation.operation,
    path: operation.path,
    from: operation.from,
    value: patchValue(operation.value),
  }));
  try {
    return applyJsonPatch(object, patch);
  } catch (error) {
    if (error instanceof PatchTestFailed) {
      // Source: Velero: a test that does not hold makes the whole rule a no-op.
      return object;
    }
    throw error;
  }
}

/**
 * Applies all rules that are for an object. Conditions look at the object as it was before the first rule.
 *
 * @returns the changed object, and the errors of rules that could not be applied
 */
export function applyResourceModifiers(
  modifiers: ResourceModifiers,
  object: KubernetesObject,
  groupResource: string,
): { object: KubernetesObject; errors: string[] } {
  const errors: string[] = [];
  let matching: ResourceModifierRule[] = [];
  try {
    matching = modifiers.resourceModifierRules.filter(rule =>
      conditionsHold(rule.conditions, object, groupResource),
    );
  } catch (error) {
    return { object, errors: [(error as Error).message] };
  }
  let current = object;
  for (const rule of matching) {
    try {
      current = applyRule(current, rule);
    } catch (error) {
      errors.push(
        `error in applying the resource modifier rule: ${
          (error as Error).message
        }`,
      );
      return { object, errors };
    }
  }
  return { object: current, errors };
}
