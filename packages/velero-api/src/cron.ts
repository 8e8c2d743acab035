import { Cron } from 'croner';
import { parseDuration } from './durations';

/**
 * When something recurs.
 *
 * @public
 */
export interface CronSchedule {
  /** The first time after a moment, in whole seconds. */
  next(after: Date): Date;
}

interface Field {
  name: string;
  minimum: number;
  maximum: number;
  names: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', minimum: 0, maximum: 59, names: [] },
  { name: 'hour', minimum: 0, maximum: 23, names: [] },
  { name: 'day of month', minimum: 1, maximum: 31, names: [] },
  {
    name: 'month',
    minimum: 1,
    maximum: 12,
    names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' '),
  },
  {
    name: 'day of week',
    minimum: 0,
    maximum: 6,
    names: 'sun mon tue wed thu fri sat'.split(' '),
  },
];

const descriptors: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Reads a cron expression as Velero does (robfig/cron, standard parser): five fields, `@daily` and its siblings, or
 * `@every 1h30m`; `TZ=Europe/Berlin ` or `CRON_TZ=Europe/Berlin ` may come before it. If both day fields are set, either
 * one suffices.
 *
 * @param options - `timeZone` is used when the expression has none; UTC by default, as in Velero's image.
 * @throws Error if the expression cannot be understood or never comes true. The message says what is allowed.
 *
 * @public
 */
export function parseCron(
  expression: string,
  options: { timeZone?: string } = {},
): CronSchedule {
  const { timeZone, rest } = splitTimeZone(
    expression.trim(),
    options.timeZone ?? 'UTC',
  );
  if (rest === '') {
    throw new Error('the expression is empty: write five fields or @daily');
  }
  if (rest.startsWith('@every ')) {
    return everySchedule(rest.slice('@every '.length).trim());
  }
  if (rest.startsWith('@') && !(rest in descriptors)) {
    throw new Error(
      `"${rest}" is not known: use ${Object.keys(descriptors).join(
        ', ',
      )} or @every followed by a duration`,
    );
  }
  const pattern = normalize(descriptors[rest] ?? rest);
  const cron = new Cron(pattern, { mode: '5-part', timezone: timeZone });
  const neverComes = new Error(
    `"${rest}" never comes true: no month has such a day`,
  );
  if (!cron.nextRun(new Date(0))) {
    throw neverComes;
  }
  return {
    next: after => {
      const time = cron.nextRun(after);
      if (!time) {
        throw neverComes;
      }
      return time;
    },
  };
}

function splitTimeZone(
  expression: string,
  defaultTimeZone: string,
): { timeZone: string; rest: string } {
  const match = /^(?:CRON_)?TZ=(\S*)(?:\s+(.*))?$/s.exec(expression);
  if (!match) {
    return { timeZone: defaultTimeZone, rest: expression };
  }
  const timeZone = match[1];
  try {
    new Date(0).toLocaleString('en-US', { timeZone });
  } catch {
    throw new Error(
      `"${timeZone}" is not a time zone: write a name such as Europe/Berlin or UTC`,
    );
  }
  return { timeZone, rest: match[2] ?? '' };
}

function everySchedule(text: string): CronSchedule {
  const second = 1000;
  const duration = parseDuration(text);
  const delay = Math.max(Math.floor(duration / second), 1) * second;
  return {
    next: after =>
      new Date(Math.floor(after.getTime() / second) * second + delay),
  };
}

/**
 * Writes the fields as plain lists of numbers: croner's own syntax has extensions (`L`, `W`, `#`, 7 for Sunday) that
 * Velero would refuse, and lacks `5/15`.
 */
function normalize(expression: string): string {
  const texts = expression.split(/\s+/);
  if (texts.length !== fields.length) {
    throw new Error(
      `"${expression}" has ${texts.length} field${
        texts.length === 1 ? '' : 's'
      }: write five (minute, hour, day of month, month, day of week)`,
    );
  }
  return texts
    .map((text, index) => normalizeField(text, fields[index]))
    .join(' ');
}

function normalizeField(text: string, field: Field): string {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(',').filter(Boolean)) {
    const range = readRange(part, field);
    star ||= range.star;
    for (let value = range.first; value <= range.last; value += range.step) {
      values.add(value);
    }
  }
  if (star) {
    return '*';
  }
  if (values.size === 0) {
    throw new Error(`the field ${field.name} is empty`);
  }
  return [...values].sort((a, b) => a - b).join(',');
}

function readRange(
  part: string,
  field: Field,
): { first: number; last: number; step: number; star: boolean } {
  const fault = (what: string) =>
    new Error(
      `"${part}" in the field ${field.name}: ${what}; allowed are ${field.minimum} to ${field.maximum}, ranges such as ${field.minimum}-${field.maximum}, lists with commas, and steps such as */2`,
    );
  const number = (text: string): number => {
    const named = field.names.indexOf(text.toLowerCase());
    if (named >= 0) {
      return named + field.minimum;
    }
    if (!/^\d+$/.test(text)) {
      throw fault(`"${text}" is not a number`);
    }
    return Number(text);
  };
  const [span, stepText, ...moreSteps] = part.split('/');
  const [low, high, ...moreEnds] = span.split('-');
  if (moreSteps.length > 0 || moreEnds.length > 0) {
    throw fault('too many signs');
  }
  const step = stepText === undefined ? 1 : number(stepText);
  if (step === 0) {
    throw fault('a step must not be 0');
  }
  if (low === '*' || low === '?') {
    return {
      first: field.minimum,
      last: field.maximum,
      step,
      star: step === 1,
    };
  }
  const first = number(low);
  let last = high === undefined ? first : number(high);
  if (high === undefined && stepText !== undefined) {
    last = field.maximum;
  }
  if (first < field.minimum || last > field.maximum) {
    throw fault('out of range');
  }
  if (first > last) {
    throw fault('the range is backwards');
  }
  return { first, last, step, star: false };
}
