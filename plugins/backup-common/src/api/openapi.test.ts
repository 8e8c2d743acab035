import { backupPermissions } from '../permissions';
import { isBackupAvailable } from '../annotations';
import { objectsOnlyText } from '../objectsOnly';
import { openApiDocument } from './openapi';

const operations = Object.entries(openApiDocument.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method,
      operation: operation as {
        operationId: string;
        parameters: readonly { $ref: string }[];
        responses: Record<string, unknown>;
      },
    })),
);

it('names every operation once', () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

it.each(operations)('describes $method $path wholly', ({ path, operation }) => {
  const declared = operation.parameters.map(({ $ref }) =>
    $ref.replace('#/components/parameters/', ''),
  );
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  expect(declared).toEqual(expect.arrayContaining(inPath));
  expect(
    Object.keys(operation.responses).filter(code => code.startsWith('2')),
  ).toHaveLength(1);
  expect(operation.responses).toHaveProperty('default');
});

it('refers only to what is there', () => {
  const text = JSON.stringify(openApiDocument);
  for (const [, group, name] of text.matchAll(
    /"#\/components\/(\w+)\/(\w+)"/g,
  )) {
    expect(openApiDocument.components).toHaveProperty([group, name]);
  }
});

it('has permissions that the catalog can decide about, and one for admins', () => {
  expect(
    backupPermissions.map(permission => [
      permission.name,
      'resourceType' in permission ? permission.resourceType : undefined,
    ]),
  ).toEqual([
    ['backup.point.read', 'catalog-entity'],
    ['backup.point.create', 'catalog-entity'],
    ['backup.point.delete', 'catalog-entity'],
    ['backup.restore.create', 'catalog-entity'],
    ['backup.schedule.manage', 'catalog-entity'],
    ['backup.admin.read', undefined],
  ]);
});

it.each([
  [{}, false],
  [{ 'backstage.io/kubernetes-cluster': 'demo' }, false],
  [{ 'backstage.io/kubernetes-namespace': ' ' }, false],
  [{ 'backstage.io/kubernetes-namespace': 'shop' }, true],
  [{ 'backstage.io/kubernetes-id': 'orders' }, true],
  [{ 'backstage.io/kubernetes-label-selector': 'a=b' }, true],
])('tells from %j whether there can be backups', (annotations, available) => {
  expect(isBackupAvailable({ metadata: { annotations } })).toBe(available);
});

it('says what is left out, for one volume and for many', () => {
  expect([1, 3].map(objectsOnlyText)).toEqual([
    'Objects only: the data of 1 volume is not included',
    'Objects only: the data of 3 volumes is not included',
  ]);
});
