import type { StructuralSchema } from './CustomResourceDefinition';

/** A text. */
export function text(description?: string): StructuralSchema {
  return { type: 'string', ...describe(description) };
}

/** A Go duration such as `720h0m0s`. */
export function duration(description?: string): StructuralSchema {
  return text(
    description && `${description} A duration such as 720h0m0s or 10m.`,
  );
}

/** One of some texts. */
export function choice(
  values: readonly string[],
  description?: string,
): StructuralSchema {
  return { type: 'string', enum: [...values], ...describe(description) };
}

/** A whole number. */
export function count(description?: string): StructuralSchema {
  return { type: 'integer', ...describe(description) };
}

/** A whole number of 64 bits. */
export function bytes(description?: string): StructuralSchema {
  return { type: 'integer', format: 'int64', ...describe(description) };
}

/** True or false. */
export function flag(description?: string): StructuralSchema {
  return { type: 'boolean', ...describe(description) };
}

/** A moment, RFC 3339; Go writes an unset one as null. */
export function moment(description?: string): StructuralSchema {
  return {
    type: 'string',
    format: 'date-time',
    nullable: true,
    ...describe(description),
  };
}

/** A list. */
export function list(
  items: StructuralSchema,
  description?: string,
): StructuralSchema {
  return { type: 'array', items, ...describe(description) };
}

/** A list of texts. */
export function texts(description?: string): StructuralSchema {
  return list(text(), description);
}

/** A map from texts to texts. */
export function textMap(description?: string): StructuralSchema {
  return {
    type: 'object',
    additionalProperties: text(),
    ...describe(description),
  };
}

/** An object with known fields; others are pruned by the API server. */
export function object(
  properties: Record<string, StructuralSchema>,
  required: readonly string[] = [],
  description?: string,
): StructuralSchema {
  return {
    type: 'object',
    ...describe(description),
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required: [...required] }),
  };
}

/** The same, and null is allowed too. */
export function orNull(schema: StructuralSchema): StructuralSchema {
  return { ...schema, nullable: true };
}

/** An object that is replaced as a whole by server-side apply. */
export function atomic(schema: StructuralSchema): StructuralSchema {
  return { ...schema, 'x-kubernetes-map-type': 'atomic' };
}

/** A label selector. */
export function labelSelector(description?: string): StructuralSchema {
  const atomicList = (items: StructuralSchema): StructuralSchema => ({
    ...list(items),
    'x-kubernetes-list-type': 'atomic',
  });
  return atomic(
    object(
      {
        matchLabels: textMap(),
        matchExpressions: atomicList(
          object(
            {
              key: text(),
              operator: text('In, NotIn, Exists or DoesNotExist.'),
              values: atomicList(text()),
            },
            ['key', 'operator'],
          ),
        ),
      },
      [],
      description,
    ),
  );
}

/** One key of a Secret in the same namespace. */
export function secretKey(description?: string): StructuralSchema {
  return atomic(
    object(
      {
        name: { ...text('Name of the Secret.'), default: '' },
        key: text('Key in the Secret.'),
        optional: flag(),
      },
      ['key'],
      description,
    ),
  );
}

/** Another object in the same namespace. */
export function localReference(description?: string): StructuralSchema {
  return atomic(
    object(
      { apiGroup: text(), kind: text(), name: text() },
      ['kind', 'name'],
      description,
    ),
  );
}

/** Any object. */
export function objectReference(description?: string): StructuralSchema {
  return atomic(
    object(
      {
        apiVersion: text(),
        fieldPath: text(),
        kind: text(),
        name: text(),
        namespace: text(),
        resourceVersion: text(),
        uid: text(),
      },
      [],
      description,
    ),
  );
}

function describe(description: string | undefined): { description?: string } {
  return description ? { description } : {};
}
