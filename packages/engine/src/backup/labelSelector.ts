import type { LabelSelector } from '@lifeboat/velero-api';

/**
 * Whether labels match a Kubernetes label selector. An empty selector matches everything, as in Kubernetes.
 */
export function matchesSelector(
  labels: { [key: string]: string } | undefined,
  selector: LabelSelector,
): boolean {
  const own = labels ?? {};
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => own[key] === value,
  );
  return (
    equal &&
    (selector.matchExpressions ?? []).every(expression => {
      const value = own[expression.key];
      const values = expression.values ?? [];
      switch (expression.operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}

/**
 * A selector as the text of a `labelSelector` query parameter.
 *
 * @throws Error for an unknown operator
 */
export function selectorText(selector: LabelSelector): string {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]) => `${key}=${value}`,
  );
  const others = (selector.matchExpressions ?? []).map(expression => {
    const values = (expression.values ?? []).join(',');
    switch (expression.operator) {
      case 'In':
        return `${expression.key} in (${values})`;
      case 'NotIn':
        return `${expression.key} notin (${values})`;
      case 'Exists':
        return expression.key;
      case 'DoesNotExist':
        return `!${expression.key}`;
      default:
        throw new Error(
          `label selector: unknown operator ${String(expression.operator)}`,
        );
    }
  });
  return [...equal, ...others].join(',');
}
