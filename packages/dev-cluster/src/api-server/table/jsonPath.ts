import { isObject } from '../json';

type Step =
  | { field: string }
  | { index: number }
  | { all: true }
  | { filter: { path: string[]; value: unknown } };

/**
 * The simple JSON paths of printer columns and selectable fields: `.a.b`, `.a['b.c']`, `[0]`, `[*]`, and filters such
 * as `[?(@.type=="Ready")]`. Undefined for a path of another form.
 */
export function parseJsonPath(path: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = path.trim();
  while (rest !== '') {
    const found = firstStep(rest);
    if (!found) return undefined;
    steps.push(found.step);
    rest = rest.slice(found.length);
  }
  return steps;
}

const forms: [RegExp, (match: RegExpExecArray) => Step][] = [
  [
    /^\.?\[\?\(\s*@\.([\w.-]+)\s*==\s*(?:"([^"]*)"|'([^']*)'|(true|false|\d+))\s*\)\]/,
    match => ({
      filter: {
        path: match[1].split('.'),
        value: match[2] ?? match[3] ?? JSON.parse(match[4]),
      },
    }),
  ],
  [/^\.?\[\*\]/, () => ({ all: true })],
  [/^\.?\[(-?\d+)\]/, match => ({ index: Number(match[1]) })],
  [
    /^\.?\[(?:'([^']*)'|"([^"]*)")\]/,
    match => ({ field: match[1] ?? match[2] }),
  ],
  [
    /^\.((?:[^.[\]\\]|\\.)+)/,
    match => ({ field: match[1].replace(/\\(.)/g, '$1') }),
  ],
];

function firstStep(path: string): { step: Step; length: number } | undefined {
  for (const [form, make] of forms) {
    const match = form.exec(path);
    if (match) return { step: make(match), length: match[0].length };
  }
  return undefined;
}

/** All values that a path leads to. */
export function findAll(value: unknown, steps: Step[]): unknown[] {
  let found: unknown[] = [value];
  for (const step of steps) {
    found = found.flatMap(v => follow(v, step));
  }
  return found.filter(v => v !== undefined);
}

function follow(value: unknown, step: Step): unknown[] {
  if ('field' in step) {
    return isObject(value) && Object.hasOwn(value, step.field)
      ? [value[step.field]]
      : [];
  }
  if ('all' in step) {
    if (Array.isArray(value)) return value;
    return isObject(value) ? Object.values(value) : [];
  }
  if (!Array.isArray(value)) return [];
  if ('index' in step) return [value.at(step.index)];
  return value.filter(item => {
    let current: unknown = item;
    for (const name of step.filter.path) {
      current = isObject(current) ? current[name] : undefined;
    }
    return current === step.filter.value;
  });
}
