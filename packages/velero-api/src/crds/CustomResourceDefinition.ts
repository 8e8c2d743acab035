/**
 * The part of a structural OpenAPI v3 schema that these CRDs use.
 *
 * @public
 */
export interface StructuralSchema {
  type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  description?: string;
  format?: 'date-time' | 'int64' | 'byte';
  nullable?: boolean;
  enum?: readonly string[];
  default?: string;
  minItems?: number;
  required?: readonly string[];
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  'x-kubernetes-map-type'?: 'atomic';
  'x-kubernetes-list-type'?: 'atomic';
  'x-kubernetes-preserve-unknown-fields'?: true;
}

/**
 * A column of `kubectl get`.
 *
 * @public
 */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'boolean' | 'date';
  format?: 'int64';
  jsonPath: string;
  /** Above 0: only with `-o wide`. */
  priority?: number;
}

/**
 * A CustomResourceDefinition of `apiextensions.k8s.io/v1` with one version.
 *
 * @public
 */
export type CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string; labels?: Record<string, string> };
  spec: {
    group: string;
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames?: string[];
    };
    scope: 'Namespaced';
    versions: {
      name: string;
      served: true;
      storage: true;
      additionalPrinterColumns?: PrinterColumn[];
      schema: { openAPIV3Schema: StructuralSchema };
    }[];
  };
};
