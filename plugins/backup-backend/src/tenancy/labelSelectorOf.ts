import { parseRequirements, selectorProblem } from '@lifeboat/engine';
import type {
  LabelSelector,
  LabelSelectorRequirement,
} from '@lifeboat/velero-api';

/**
 * The text of a label selector as the object that resources hold.
 *
 * @throws Error that says what is wrong; an empty text is refused, as it would mean everything
 */
export function labelSelectorOf(text: string): LabelSelector {
  const problem = selectorProblem(text);
  if (problem) {
    throw new Error(problem);
  }
  const matchLabels: Record<string, string> = {};
  const matchExpressions: LabelSelectorRequirement[] = [];
  for (const requirement of parseRequirements(text)) {
    const equality = /^([^=!\s]+)=(.*)$/.exec(requirement);
    if (equality && matchLabels[equality[1]] === undefined) {
      matchLabels[equality[1]] = equality[2];
    } else {
      matchExpressions.push(expressionOf(requirement));
    }
  }
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
}

/** A requirement in the spelling of `parseRequirements`. */
function expressionOf(requirement: string): LabelSelectorRequirement {
  const set = /^(\S+) (in|notin) \(([^()]*)\)$/.exec(requirement);
  if (set) {
    return {
      key: set[1],
      operator: set[2] === 'in' ? 'In' : 'NotIn',
      values: set[3].split(','),
    };
  }
  const [, key, operator, value] =
    /^([^=!\s]+)(!=|=)(.*)$/.exec(requirement) ?? [];
  if (key) {
    return {
      key,
      operator: operator === '=' ? 'In' : 'NotIn',
      values: [value],
    };
  }
  return requirement.startsWith('!')
    ? { key: requirement.slice(1), operator: 'DoesNotExist' }
    : { key: requirement, operator: 'Exists' };
}
