const name = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$',
} as const;

/** Path, query and header parameters of the REST API. */
export const parameters = {
  kind: {
    name: 'kind',
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1, maxLength: 63 },
  },
  namespace: {
    name: 'namespace',
    in: 'path',
    required: true,
    description: "The catalog's namespace, not Kubernetes'",
    schema: { type: 'string', minLength: 1, maxLength: 63 },
  },
  name: {
    name: 'name',
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1, maxLength: 63 },
  },
  backup: { name: 'backup', in: 'path', required: true, schema: name },
  restore: { name: 'restore', in: 'path', required: true, schema: name },
  schedule: { name: 'schedule', in: 'path', required: true, schema: name },
  cluster: {
    name: 'cluster',
    in: 'query',
    required: false,
    description: 'Which cluster, where the entity names none',
    schema: { type: 'string', minLength: 1, maxLength: 253 },
  },
  limit: {
    name: 'limit',
    in: 'query',
    required: false,
    description: 'At most this many items, 1 to 500; default 50',
    schema: { type: 'string', pattern: '^([1-9][0-9]?|[1-4][0-9]{2}|500)$' },
  },
  cursor: {
    name: 'cursor',
    in: 'query',
    required: false,
    description: 'nextCursor of the answer before',
    schema: { type: 'string', minLength: 1, maxLength: 600 },
  },
  ifNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'ETag of the answer before; 304 when nothing has changed',
    schema: { type: 'string' },
  },
} as const;
