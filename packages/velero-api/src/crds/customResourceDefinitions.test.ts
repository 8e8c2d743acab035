import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parseAllDocuments } from 'yaml';
import { backupPhases, restorePhases } from '../phases';
import type {
  CustomResourceDefinition,
  StructuralSchema,
} from './CustomResourceDefinition';
import { customResourceDefinitions } from './customResourceDefinitions';

/** A folder with what a running Velero wrote: `cluster/velero/*.json` and `cluster/manifests/velero-install.yaml`. */
const fixtures = process.env.LIFEBOAT_FIXTURES;
const cluster = [fixtures, fixtures && join(fixtures, 'velero-bucket')]
  .map(folder => folder && join(folder, 'cluster'))
  .find(folder => folder && existsSync(folder));
const withFixtures = cluster ? describe : describe.skip;

const ajv = new Ajv({ strict: false, validateFormats: false });

const definitionOf = (kind: string): CustomResourceDefinition => {
  const found = customResourceDefinitions.find(
    definition => definition.spec.names.kind === kind,
  );
  if (!found) {
    throw new Error(`no definition of ${kind}`);
  }
  return found;
};

const schemaOf = (definition: CustomResourceDefinition): StructuralSchema =>
  definition.spec.versions[0].schema.openAPIV3Schema;

const problemsOf = (object: { kind: string }): unknown[] => {
  const validate = ajv.compile(schemaOf(definitionOf(object.kind)));
  validate(object);
  return validate.errors ?? [];
};

/** Every schema with its path. */
function* walk(
  schema: StructuralSchema,
  path = '',
): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    yield* walk(member, `${path}.${name}`);
  }
  if (schema.items) {
    yield* walk(schema.items, `${path}[]`);
  }
  if (schema.additionalProperties) {
    yield* walk(schema.additionalProperties, `${path}{}`);
  }
}

function structuralFaults(schema: StructuralSchema): string[] {
  const fields = Object.keys(schema.properties ?? {});
  return [
    !schema.type && 'has no type',
    schema.properties && schema.additionalProperties && 'is map and object',
    schema.type === 'array' && !schema.items && 'is a list of nothing',
    ...(schema.required ?? [])
      .filter(name => !fields.includes(name))
      .map(name => `requires ${name}, which it does not have`),
  ].filter(fault => typeof fault === 'string');
}

/** What a value would be after the API server drops unknown fields. */
function pruned(value: any, schema: StructuralSchema): any {
  if (schema['x-kubernetes-preserve-unknown-fields']) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(item => pruned(item, schema.items!));
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const of = schema.properties?.[key] ?? schema.additionalProperties;
      return of ? [[key, pruned(member, of)]] : [];
    }),
  );
}

describe('customResourceDefinitions', () => {
  it('are those of Velero', () => {
    expect(
      customResourceDefinitions
        .map(
          ({ metadata, spec }) => `${metadata.name} ${spec.versions[0].name}`,
        )
        .sort(),
    ).toEqual([
      'backuprepositories.velero.io v1',
      'backups.velero.io v1',
      'backupstoragelocations.velero.io v1',
      'datadownloads.velero.io v2alpha1',
      'datauploads.velero.io v2alpha1',
      'deletebackuprequests.velero.io v1',
      'downloadrequests.velero.io v1',
      'podvolumebackups.velero.io v1',
      'podvolumerestores.velero.io v1',
      'restores.velero.io v1',
      'schedules.velero.io v1',
      'serverstatusrequests.velero.io v1',
      'volumesnapshotlocations.velero.io v1',
    ]);
  });

  it('have the short names of Velero and no status subresource', () => {
    expect(
      customResourceDefinitions.flatMap(
        ({ spec }) => spec.names.shortNames ?? [],
      ),
    ).toEqual(['bsl', 'vsl', 'ssr']);
    expect(JSON.stringify(customResourceDefinitions)).not.toContain(
      'subresources',
    );
  });

  it.each(customResourceDefinitions.map(one => one.spec.names.kind))(
    '%s is structural, as a real API server demands',
    kind => {
      const faults = [...walk(schemaOf(definitionOf(kind)))].flatMap(
        ([path, schema]) => structuralFaults(schema).map(what => [path, what]),
      );
      expect(faults).toEqual([]);
    },
  );

  it('accept all phases and no others', () => {
    for (const phase of backupPhases) {
      expect(
        problemsOf({ kind: 'Backup', spec: {}, status: { phase } } as never),
      ).toEqual([]);
    }
    for (const phase of restorePhases) {
      expect(
        problemsOf({ kind: 'Restore', spec: {}, status: { phase } } as never),
      ).toEqual([]);
    }
    expect(
      problemsOf({
        kind: 'Backup',
        spec: {},
        status: { phase: 'Cancelled' },
      } as never),
    ).toHaveLength(1);
  });

  it('accept null where Go writes null', () => {
    expect(
      problemsOf({
        kind: 'Backup',
        spec: { includedNamespaces: null, labelSelector: null },
        status: { expiration: null, progress: null },
      } as never),
    ).toEqual([]);
  });

  it('refuse what is missing or of a wrong type', () => {
    expect(
      problemsOf({ kind: 'DeleteBackupRequest', spec: {} } as never),
    ).toHaveLength(1);
    expect(
      problemsOf({
        kind: 'Backup',
        spec: { includedNamespaces: 'shop' },
      } as never),
    ).toHaveLength(1);
  });

  it('keep init containers of restore hooks whole', () => {
    const spec = {
      backupName: 'b',
      hooks: {
        resources: [
          {
            name: 'h',
            postHooks: [
              {
                init: {
                  initContainers: [
                    { name: 'i', image: 'busybox', env: [{ name: 'A' }] },
                  ],
                },
              },
            ],
          },
        ],
      },
    };
    const object = { kind: 'Restore', spec };
    expect(pruned(object, schemaOf(definitionOf('Restore')))).toEqual(object);
  });
});

withFixtures('with what a real Velero wrote', () => {
  const folder = join(cluster ?? '', 'velero');
  const files = cluster ? readdirSync(folder) : ['none'];

  it.each(files)('%s validates, and nothing would be dropped', file => {
    const { items } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    expect(items.length).toBeGreaterThan(0);
    for (const item of items) {
      const { spec, status } = item;
      expect(problemsOf(item)).toEqual([]);
      expect(
        pruned({ spec, status }, schemaOf(definitionOf(item.kind))),
      ).toEqual({ spec, status });
    }
  });

  it('has the same schemas as Velero, field by field', () => {
    const theirs = parseAllDocuments(
      readFileSync(
        join(cluster ?? '', 'manifests/velero-install.yaml'),
        'utf8',
      ),
    )
      .map(document => document.toJS())
      .flatMap(document => document?.items ?? [document])
      .filter(item => item?.kind === 'CustomResourceDefinition');
    expect(theirs).toHaveLength(customResourceDefinitions.length);
    const facts = (definition: CustomResourceDefinition) => ({
      name: definition.metadata.name,
      names: definition.spec.names,
      schema: Object.fromEntries(
        [...walk(schemaOf(definition))].map(([path, schema]) => {
          const {
            description,
            properties,
            items,
            additionalProperties,
            ...rest
          } = schema;
          return [
            path,
            { ...rest, required: [...(rest.required ?? [])].sort() },
          ];
        }),
      ),
    });
    for (const definition of theirs) {
      expect(facts(definitionOf(definition.spec.names.kind))).toEqual(
        facts(definition),
      );
    }
  });
});
