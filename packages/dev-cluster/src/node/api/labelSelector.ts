import { V1LabelSelector } from '@kubernetes/client-node';

/** Whether labels match a selector. An absent selector matches nothing, an empty one everything. */
export function matchesSelector(
  selector: V1LabelSelector | undefined,
  labels: Record<string, string> = {},
): boolean {
  if (!selector) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return key in labels && (values ?? []).includes(labels[key]);
        case 'NotIn':
          return !(key in labels) || !(values ?? []).includes(labels[key]);
        case 'Exists':
          return key in labels;
        case 'DoesNotExist':
          return !(key in labels);
        default:
          return false;
      }
    })
  );
}
