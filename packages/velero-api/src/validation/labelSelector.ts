import type { LabelSelector } from '../meta/references';

const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelPrefix =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * What is wrong with a label key.
 *
 * @public
 */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (
    !labelName.test(name) ||
    (prefix !== undefined && (prefix.length > 253 || !labelPrefix.test(prefix)))
  ) {
    return `"${key}" is not a label key: at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends, and perhaps a DNS name and '/' before it`;
  }
  return undefined;
}

/**
 * What is wrong with a label value.
 *
 * @public
 */
export function labelValueProblem(value: string): string | undefined {
  return value === '' || labelName.test(value)
    ? undefined
    : `"${value}" is not a label value: at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends`;
}

/**
 * What is wrong with a label selector, also when each part is right but no object could ever match all of them.
 *
 * @param field - Path of the selector for the messages, such as `spec.labelSelector`.
 *
 * @public
 */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  field: string,
): string[] {
  const problems: string[] = [];
  const check = (where: string, problem: string | undefined) => {
    if (problem) {
      problems.push(`${field}.${where}: ${problem}`);
    }
  };
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
    check('matchLabels', labelKeyProblem(key));
    check(`matchLabels["${key}"]`, labelValueProblem(value));
  }
  (selector?.matchExpressions ?? []).forEach((requirement, index) => {
    const where = `matchExpressions[${index}]`;
    const values = requirement.values ?? [];
    check(`${where}.key`, labelKeyProblem(requirement.key));
    switch (requirement.operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          check(
            `${where}.values`,
            `the operator ${requirement.operator} needs at least one value`,
          );
        }
        values.forEach(value =>
          check(`${where}.values`, labelValueProblem(value)),
        );
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          check(
            `${where}.values`,
            `the operator ${requirement.operator} takes no values`,
          );
        }
        break;
      default:
        check(
          `${where}.operator`,
          `"${requirement.operator}" is not an operator: use In, NotIn, Exists or DoesNotExist`,
        );
    }
  });
  if (problems.length === 0) {
    problems.push(...contradictions(selector ?? {}, field));
  }
  return problems;
}

interface Demands {
  /** Values that are still possible; absent: any. */
  possible?: Set<string>;
  forbidden: Set<string>;
  mustExist: boolean;
  mustNotExist: boolean;
}

function contradictions(selector: LabelSelector, field: string): string[] {
  const byKey = new Map<string, Demands>();
  const demandsOf = (key: string): Demands => {
    const demands = byKey.get(key) ?? {
      forbidden: new Set<string>(),
      mustExist: false,
      mustNotExist: false,
    };
    byKey.set(key, demands);
    return demands;
  };
  const oneOf = (key: string, values: readonly string[]) => {
    const demands = demandsOf(key);
    demands.possible = new Set(
      values.filter(value => demands.possible?.has(value) ?? true),
    );
  };
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    oneOf(key, [value]);
  }
  for (const { key, operator, values = [] } of selector.matchExpressions ??
    []) {
    const demands = demandsOf(key);
    if (operator === 'In') {
      oneOf(key, values);
    } else if (operator === 'NotIn') {
      values.forEach(value => demands.forbidden.add(value));
    } else if (operator === 'Exists') {
      demands.mustExist = true;
    } else {
      demands.mustNotExist = true;
    }
  }
  return [...byKey]
    .filter(([, demands]) => {
      const { possible, forbidden } = demands;
      const none =
        possible && [...possible].every(value => forbidden.has(value));
      return (
        none || (demands.mustNotExist && (demands.mustExist || !!possible))
      );
    })
    .map(
      ([key]) =>
        `${field}: no object can match, the requirements for the label "${key}" contradict each other`,
    );
}
