import { KubeObject } from '../KubeObject';
import { isObject, JsonObject, listAt, objectAt, stringAt } from '../json';
import {
  PrinterColumn,
  ResourceType,
  Subresource,
} from '../resources/ResourceType';
import { objects } from '../strategies/podDefaults';

const verbs = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];
const subresourceVerbs = ['get', 'patch', 'update'];

export function definitionCollection(definition: KubeObject): string {
  return definition.metadata.name;
}

export function storageVersionOf(definition: KubeObject): string {
  const found = objects(objectAt(definition, 'spec').versions).find(
    v => v.storage === true,
  );
  return stringAt(found, 'name');
}

/** The resource types that a definition serves, one for each served version. */
export function customTypes(definition: KubeObject): ResourceType[] {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(spec, 'names');
  const group = stringAt(spec, 'group');
  const kind = stringAt(names, 'kind');
  return objects(spec.versions)
    .filter(version => version.served === true)
    .map(version => {
      const name = stringAt(version, 'name');
      const schema = objectAt(version, 'schema').openAPIV3Schema;
      const subresources = objectAt(version, 'subresources');
      const scale = subresources.scale;
      return {
        group,
        version: name,
        plural: stringAt(names, 'plural'),
        singular: stringAt(names, 'singular'),
        kind,
        listKind: stringAt(names, 'listKind'),
        namespaced: spec.scope === 'Namespaced',
        shortNames: listAt(names, 'shortNames').map(String),
        categories: listAt(names, 'categories').map(String),
        verbs,
        subresources: subresourcesOf(subresources, group, name, kind),
        collection: definitionCollection(definition),
        schemaName: schemaName(group, name, kind),
        custom: {
          schema: isObject(schema) ? schema : undefined,
          preserveUnknownFields: spec.preserveUnknownFields === true,
          storageVersion: storageVersionOf(definition),
          hasStatus: isObject(subresources.status),
          scale: isObject(scale)
            ? {
                specReplicasPath: stringAt(scale, 'specReplicasPath'),
                statusReplicasPath: stringAt(scale, 'statusReplicasPath'),
                labelSelectorPath:
                  stringAt(scale, 'labelSelectorPath') || undefined,
              }
            : undefined,
          printerColumns: objects(
            version.additionalPrinterColumns,
          ) as unknown as PrinterColumn[],
          selectableFields: objects(version.selectableFields).map(f =>
            stringAt(f, 'jsonPath').replace(/^\./, ''),
          ),
          deprecationWarning:
            version.deprecated === true
              ? stringAt(version, 'deprecationWarning') ||
                `${group}/${name} ${kind} is deprecated`
              : undefined,
        },
      };
    });
}

function subresourcesOf(
  declared: JsonObject,
  group: string,
  version: string,
  kind: string,
): Subresource[] {
  const found: Subresource[] = [];
  if (isObject(declared.status)) {
    found.push({
      name: 'status',
      group,
      version,
      kind,
      verbs: subresourceVerbs,
    });
  }
  if (isObject(declared.scale)) {
    found.push({
      name: 'scale',
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: subresourceVerbs,
    });
  }
  return found;
}

/** `velero.io/v1 Backup` → `io.velero.v1.Backup`, as the OpenAPI documents name it. */
export function schemaName(group: string, version: string, kind: string) {
  return [...group.split('.').reverse(), version, kind].join('.');
}
