import { CustomType, PrinterColumn } from '../resources/ResourceType';
import { isNumber } from '../json';
import { age } from './duration';
import { findAll, parseJsonPath } from './jsonPath';
import type { Column } from './tableOf';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated.',
  priority: 0,
  cell: object => object.metadata.name,
};

/** Name, then what the definition declares; Age where it declares nothing (apiextensions, tableconvertor). */
export function customColumns({ printerColumns }: CustomType): Column[] {
  const declared = printerColumns.length
    ? printerColumns
    : [
        {
          name: 'Age',
          type: 'date',
          jsonPath: '.metadata.creationTimestamp',
        },
      ];
  return [nameColumn, ...declared.map(toColumn)];
}

function toColumn(column: PrinterColumn): Column {
  const steps = parseJsonPath(column.jsonPath);
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description:
      column.description ??
      `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell: (object, now) => {
      const found = steps ? findAll(object, steps) : [];
      if (found.length === 0 || found[0] === null) return null;
      if (column.type === 'date') return age(found[0], now);
      if (column.type === 'integer' || column.type === 'number') {
        return isNumber(found[0]) ? found[0] : null;
      }
      if (column.type === 'boolean') {
        return typeof found[0] === 'boolean' ? found[0] : null;
      }
      return found
        .map(v => (typeof v === 'string' ? v : JSON.stringify(v)))
        .join(',');
    },
  };
}
