/** One step into a JSON value: a field or an index. */
export type Step = string | number;

/** Writes steps as `spec.ports[0].nodePort` or `metadata.labels['a/b']`. */
export function formatPath(steps: Step[]): string {
  let text = '';
  for (const step of steps) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) {
      text += text === '' ? step : `.${step}`;
    } else text += `['${step}']`;
  }
  return text;
}

/** Reads a pattern: as `formatPath` writes, with `[*]` for any index, `*` inside quotes, and `.**` at the end. */
export function parsePattern(pattern: string): (Step | '**')[] {
  const steps: (Step | '**')[] = [];
  const token = /\['([^']*)'\]|\[(\d+|\*)\]|\.?(\*\*|[A-Za-z_][A-Za-z0-9_]*)/y;
  while (token.lastIndex < pattern.length) {
    const at = token.lastIndex;
    const match = token.exec(pattern);
    if (!match) throw new Error(`bad path pattern ${pattern} at ${at}`);
    const [, quoted, index, field] = match;
    if (quoted !== undefined) steps.push(quoted);
    else if (index !== undefined) {
      steps.push(index === '*' ? '[*]' : Number(index));
    } else steps.push(field);
  }
  return steps;
}

function matchesStep(pattern: Step, step: Step): boolean {
  if (pattern === '[*]') return typeof step === 'number';
  if (typeof pattern === 'string' && pattern.includes('*')) {
    const [before, after] = pattern.split('*');
    return (
      typeof step === 'string' &&
      step.length >= before.length + after.length &&
      step.startsWith(before) &&
      step.endsWith(after)
    );
  }
  return pattern === step;
}

/** Whether a path is the one the pattern means, or below it when the pattern ends in `.**`. */
export function matchesPattern(
  pattern: (Step | '**')[],
  steps: Step[],
): boolean {
  const open = pattern[pattern.length - 1] === '**';
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? steps.length < fixed.length : steps.length !== fixed.length) {
    return false;
  }
  return fixed.every((each, index) => matchesStep(each, steps[index]));
}
