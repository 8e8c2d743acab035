import type { LabelSelector } from '@lifeboat/velero-api';

const name = '[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
const prefix = '(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?';
const key = new RegExp(`^${prefix}${name}$`);
const value = new RegExp(`^(?:${name})?$`);

/**
 * The requirements of a label selector text, each in one spelling, so that they
 * can be compared: `a==b` becomes `a=b`, sets are sorted.
 *
 * @throws Error that says what cannot be understood
 * @public
 */
export function parseRequirements(selector: string): string[] {
  return split(selector).map(requirement);
}

/**
 * A label selector text as the object that Velero's specs hold.
 *
 * @throws Error with a reason for humans when it is empty or cannot be understood
 * @public
 */
export function parseSelector(selector: string): LabelSelector {
  const problem = selectorProblem(selector);
  if (problem) throw new Error(`The label selector cannot be used: ${problem}`);
  const matchLabels: Record<string, string> = {};
  const matchExpressions: NonNullable<LabelSelector['matchExpressions']> = [];
  for (const text of parseRequirements(selector)) {
    const set = /^(\S+) (in|notin) \((.*)\)$/.exec(text);
    const equality = /^([^=!]+)(!?=)(.*)$/.exec(text);
    if (set) {
      matchExpressions.push({
        key: set[1],
        operator: set[2] === 'in' ? 'In' : 'NotIn',
        values: set[3].split(','),
      });
    } else if (
      equality &&
      equality[2] === '=' &&
      !(equality[1] in matchLabels)
    ) {
      matchLabels[equality[1]] = equality[3];
    } else if (equality) {
      matchExpressions.push({
        key: equality[1],
        operator: equality[2] === '=' ? 'In' : 'NotIn',
        values: [equality[3]],
      });
    } else if (text.startsWith('!')) {
      matchExpressions.push({ key: text.slice(1), operator: 'DoesNotExist' });
    } else {
      matchExpressions.push({ key: text, operator: 'Exists' });
    }
  }
  return {
    ...(Object.keys(matchLabels).length > 0 ? { matchLabels } : {}),
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
  };
}

/**
 * Why a text cannot serve as a selector; undefined when it can. An empty one
 * would mean everything, so it cannot.
 * @public
 */
export function selectorProblem(selector: string): string | undefined {
  if (selector.trim() === '') return 'it is empty, which would mean everything';
  if (selector.length > 4096) return 'it is too long';
  try {
    parseRequirements(selector);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A selector for objects that match both; each requirement once. @public */
export function bothSelectors(
  first: string | undefined,
  second: string | undefined,
): string | undefined {
  const requirements = [
    ...(first ? parseRequirements(first) : []),
    ...(second ? parseRequirements(second) : []),
  ];
  return requirements.length > 0
    ? [...new Set(requirements)].join(',')
    : undefined;
}

/** Splits at commas that are not inside parentheses. */
function split(selector: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = '';
  for (const character of selector) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) {
      parts.push(current);
      current = '';
    } else current += character;
  }
  parts.push(current);
  return parts;
}

function requirement(text: string): string {
  const trimmed = text.trim();
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(trimmed);
  if (set) {
    const values = set[3].split(',').map(item => item.trim());
    return `${checked(key, set[1], trimmed)} ${set[2]} (${values
      .map(item => checked(value, item, trimmed))
      .sort()
      .join(',')})`;
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(trimmed);
  if (equality) {
    const operator = equality[2] === '!=' ? '!=' : '=';
    return `${checked(key, equality[1], trimmed)}${operator}${checked(
      value,
      equality[3],
      trimmed,
    )}`;
  }
  const negated = /^!\s*(\S+)$/.exec(trimmed);
  if (negated) return `!${checked(key, negated[1], trimmed)}`;
  return checked(key, trimmed, trimmed);
}

function checked(pattern: RegExp, text: string, whole: string): string {
  if (!pattern.test(text)) {
    throw new Error(
      whole === ''
        ? 'it has an empty requirement'
        : `"${whole}" is not a label requirement such as app=orders`,
    );
  }
  return text;
}
