/**
 * One requirement of a label selector.
 *
 * @public
 */
export interface LabelSelectorRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

/**
 * A Kubernetes label selector: all of `matchLabels` and all of `matchExpressions` must hold. An empty one selects everything.
 *
 * @public
 */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}

/**
 * Names an object of another type in the same namespace.
 *
 * @public
 */
export interface TypedLocalObjectReference {
  apiGroup?: string;
  kind: string;
  name: string;
}

/**
 * Names one key of a Secret in the same namespace.
 *
 * @public
 */
export interface SecretKeySelector {
  name?: string;
  key: string;
  optional?: boolean;
}

/**
 * Names an object anywhere, as `v1.ObjectReference` of Kubernetes does.
 *
 * @public
 */
export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}
