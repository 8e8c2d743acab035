import { badRequest } from '../StatusError';
import { isObject, listAt, objectAt, stringAt } from '../json';

type Labels = { [name: string]: string } | undefined;
export type LabelPredicate = (labels: Labels) => boolean;

interface Requirement {
  key: string;
  operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';
  values: string[];
}

const name = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';
const keyPattern = new RegExp(`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?${name}$`);
const valuePattern = new RegExp(`^(${name})?$`);

/** `a=b,c in (d,e),!f` as apimachinery's labels.Parse reads it. Throws 400 BadRequest. */
export function parseLabelSelector(text: string): LabelPredicate {
  const requirements = splitTerms(text).map(parseRequirement);
  return labels => requirements.every(r => matches(r, labels));
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let depth = 0;
  let term = '';
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === ',' && depth === 0) {
      terms.push(term.trim());
      term = '';
    } else {
      term += char;
    }
  }
  if (depth !== 0) throw unparsable(text);
  terms.push(term.trim());
  if (terms.length === 1 && terms[0] === '') return [];
  if (terms.some(t => t === '')) throw unparsable(text);
  return terms;
}

function parseRequirement(term: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(term);
  if (set) {
    return checked(
      {
        key: set[1],
        operator: set[2] as 'in' | 'notin',
        values: set[3].split(',').map(v => v.trim()),
      },
      term,
    );
  }
  const binary = /^([^\s=!<>]+)\s*(==|=|!=|>|<)\s*([^\s=!<>()]*)$/.exec(term);
  if (binary) {
    const operator = binary[2] === '==' ? '=' : binary[2];
    return checked(
      {
        key: binary[1],
        operator: operator as Requirement['operator'],
        values: [binary[3]],
      },
      term,
    );
  }
  const negated = term.startsWith('!');
  return checked(
    {
      key: negated ? term.slice(1).trim() : term,
      operator: negated ? '!' : 'exists',
      values: [],
    },
    term,
  );
}

function checked(requirement: Requirement, term: string): Requirement {
  const numeric = requirement.operator === '>' || requirement.operator === '<';
  if (
    !keyPattern.test(requirement.key) ||
    requirement.values.some(v => v.length > 63 || !valuePattern.test(v)) ||
    (numeric && !/^-?\d+$/.test(requirement.values[0]))
  ) {
    throw unparsable(term);
  }
  return requirement;
}

function unparsable(text: string) {
  return badRequest(
    `unable to parse requirement: found '${text}', expected: a label selector such as app=web,tier in (a,b),!draft`,
  );
}

function matches({ key, operator, values }: Requirement, labels: Labels) {
  const present = labels !== undefined && Object.hasOwn(labels, key);
  const value = present ? labels[key] : '';
  switch (operator) {
    case 'exists':
      return present;
    case '!':
      return !present;
    case '=':
    case 'in':
      return present && values.includes(value);
    case '!=':
    case 'notin':
      return !present || !values.includes(value);
    case '>':
      return present && Number(value) > Number(values[0]);
    default:
      return present && Number(value) < Number(values[0]);
  }
}

/** The predicate of a LabelSelector object (matchLabels, matchExpressions); an empty one matches everything. */
export function labelSelectorObject(selector: unknown): LabelPredicate {
  const requirements: Requirement[] = Object.entries(
    objectAt(selector, 'matchLabels'),
  ).map(([key, value]) => ({ key, operator: '=', values: [String(value)] }));
  const operators: { [name: string]: Requirement['operator'] } = {
    In: 'in',
    NotIn: 'notin',
    Exists: 'exists',
    DoesNotExist: '!',
  };
  for (const expression of listAt(selector, 'matchExpressions')) {
    if (!isObject(expression)) continue;
    const operator = operators[stringAt(expression, 'operator')];
    if (!operator) throw badRequest('unknown operator in label selector');
    requirements.push({
      key: stringAt(expression, 'key'),
      operator,
      values: listAt(expression, 'values').map(String),
    });
  }
  return labels => requirements.every(r => matches(r, labels));
}
