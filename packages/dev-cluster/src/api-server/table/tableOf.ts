import { KubeObject } from '../KubeObject';
import { JsonObject } from '../json';
import { ResourceType } from '../resources/ResourceType';
import { builtInColumns } from './builtInColumns';
import { customColumns } from './customColumns';
import { partialMetadata } from './partialMetadata';

export interface Column {
  name: string;
  type: string;
  format?: string;
  description: string;
  priority: number;
  /** What a row shows. */
  cell(object: KubeObject, now: Date): unknown;
}

const columnsOf = new WeakMap<ResourceType, Column[]>();

/** A meta.k8s.io Table, as kubectl prints it. */
export function tableOf(
  type: ResourceType,
  items: KubeObject[],
  include: string,
  version: string,
  metadata: JsonObject,
): JsonObject {
  let columns = columnsOf.get(type);
  if (!columns) {
    columns = type.custom ? customColumns(type.custom) : builtInColumns(type);
    columnsOf.set(type, columns);
  }
  const shown = columns;
  const now = new Date();
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version || 'v1'}`,
    metadata,
    columnDefinitions: shown.map(({ cell, ...column }) => ({
      ...column,
      format: column.format ?? '',
    })),
    rows: items.map(object => ({
      cells: shown.map(column => column.cell(object, now) ?? null),
      ...(include === 'None'
        ? {}
        : {
            object: include === 'Object' ? object : partialMetadata(object),
          }),
    })),
  };
}
