import Ajv, { type ErrorObject } from 'ajv';
import { dataPathSchema } from './dataPathSchema';
import type { DataPathConfig, EngineConfig } from './EngineConfig';
import {
  clusterRoleProblem,
  defaultAllowedClusterRoles,
} from '../restore/limits/allowedClusterRoles';

const text = { type: 'string', minLength: 1 } as const;
const seconds = (initial: number) =>
  ({ type: 'integer', minimum: 1, default: initial } as const);

const namespaceName = {
  type: 'string',
  pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
} as const;

const connection = {
  type: 'object',
  required: ['name'],
  properties: {
    name: text,
    kubeconfig: text,
    context: text,
    url: { type: 'string', pattern: '^https?://' },
    token: text,
    tokenFile: text,
    caData: text,
    caFile: text,
    skipTlsVerify: { type: 'boolean' },
    inCluster: { const: true },
  },
  additionalProperties: false,
} as const;

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['clusters'],
  properties: {
    namespace: { ...namespaceName, default: 'openshift-adp' },
    clusters: { type: 'array', minItems: 1, items: connection },
    sync: {
      type: 'object',
      default: {},
      additionalProperties: false,
      properties: {
        phases: {
          type: 'array',
          default: ['Completed'],
          items: { enum: ['Completed', 'PartiallyFailed', 'Failed'] },
        },
        periodSeconds: seconds(60),
      },
    },
    validationSeconds: seconds(60),
    lease: {
      type: 'object',
      default: {},
      additionalProperties: false,
      properties: {
        durationSeconds: seconds(15),
        renewSeconds: seconds(5),
      },
    },
    concurrency: {
      type: 'object',
      default: {},
      additionalProperties: false,
      properties: {
        backups: { type: 'integer', minimum: 1, maximum: 50, default: 1 },
        restores: { type: 'integer', minimum: 1, maximum: 50, default: 1 },
        requests: { type: 'integer', minimum: 1, maximum: 500, default: 30 },
      },
    },
    consent: {
      type: 'array',
      default: [],
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['namespace', 'entities'],
        properties: {
          cluster: text,
          namespace: namespaceName,
          entities: {
            type: 'array',
            minItems: 1,
            items: {
              anyOf: [
                text,
                {
                  type: 'object',
                  additionalProperties: false,
                  required: ['entity'],
                  properties: { entity: text, selector: text },
                },
              ],
            },
          },
        },
      },
    },
    restoreTargets: {
      type: 'array',
      default: ['{{namespace}}-*'],
      items: text,
    },
    createNamespaces: { type: 'boolean', default: true },
    restore: {
      type: 'object',
      default: {},
      additionalProperties: false,
      properties: {
        allowedClusterRoles: {
          type: 'array',
          default: [...defaultAllowedClusterRoles],
          items: text,
        },
        order: { enum: ['oadp', 'velero'], default: 'oadp' },
      },
    },
    ...dataPathSchema,
    defaultTtl: {
      type: 'string',
      pattern: '^(\\d+(\\.\\d+)?(h|m|s|ms))+$',
      default: '720h0m0s',
    },
    garbageCollectionSeconds: seconds(3600),
    defaultLocation: { ...text, default: 'default' },
    scheduleSkipImmediately: { type: 'boolean', default: false },
    logLevel: { enum: ['debug', 'info', 'warn', 'error'], default: 'info' },
  },
};

/**
 * Checks a configuration and fills in defaults.
 *
 * @throws Error that lists every problem with its place and what is allowed
 * @public
 */
export function readEngineConfig(value: unknown): EngineConfig {
  return read(schema, value, otherProblems);
}

/**
 * The part of {@link readEngineConfig} about volume data, for those who keep it in a configuration of their own.
 *
 * @throws Error that lists every problem with its place and what is allowed
 * @public
 */
export function readDataPathConfig(value: unknown): DataPathConfig {
  return read(
    {
      type: 'object',
      additionalProperties: false,
      properties: dataPathSchema,
    },
    value,
    () => [],
  );
}

function read<T>(
  shape: object,
  value: unknown,
  furtherProblems: (config: T) => string[],
): T {
  const ajv = new Ajv({
    useDefaults: true,
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
  });
  const validate = ajv.compile(shape);
  const config = structuredClone(value) as T;
  const problems = validate(config)
    ? furtherProblems(config)
    : [...new Set((validate.errors ?? []).map(describe))];
  if (problems.length > 0) {
    throw new Error(
      `The engine's configuration has ${
        problems.length === 1 ? 'a problem' : `${problems.length} problems`
      }:\n${problems.map(problem => `- ${problem}`).join('\n')}`,
    );
  }
  return config;
}

function otherProblems(config: EngineConfig): string[] {
  const problems: string[] = [];
  const names = config.clusters.map(cluster => cluster.name);
  for (const name of new Set(names)) {
    if (names.filter(other => other === name).length > 1) {
      problems.push(`clusters: there are two named "${name}"`);
    }
  }
  for (const [index, cluster] of config.clusters.entries()) {
    const ways = ['kubeconfig', 'url', 'inCluster'].filter(
      way => way in cluster,
    );
    if (ways.length !== 1) {
      problems.push(
        `clusters[${index}] ("${
          cluster.name
        }"): needs exactly one of kubeconfig, url and inCluster${
          ways.length > 1 ? `, has ${ways.join(' and ')}` : ''
        }`,
      );
    }
  }
  for (const [index, role] of config.restore.allowedClusterRoles.entries()) {
    const problem = clusterRoleProblem(role);
    if (problem) {
      problems.push(`restore.allowedClusterRoles[${index}]: ${problem}`);
    }
  }
  if (config.lease.renewSeconds * 2 > config.lease.durationSeconds) {
    problems.push(
      `lease.renewSeconds: is ${config.lease.renewSeconds}; it must be at most half of lease.durationSeconds (${config.lease.durationSeconds})`,
    );
  }
  return problems;
}

function describe(error: ErrorObject): string {
  const place = error.instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
  const at = place || 'the configuration';
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return `${at}: there is no setting "${String(
        params.additionalProperty,
      )}"; known are ${Object.keys(
        (error.parentSchema as { properties?: object }).properties ?? {},
      ).join(', ')}`;
    case 'required':
      return `${at}: "${String(params.missingProperty)}" is missing`;
    case 'enum':
      return `${at}: is ${JSON.stringify(error.data)}; allowed are ${(
        params.allowedValues as unknown[]
      )
        .map(allowed => JSON.stringify(allowed))
        .join(', ')}`;
    case 'type':
      return `${at}: must be of type ${String(params.type)}`;
    default:
      return `${at}: ${error.message ?? 'is not valid'}`;
  }
}
