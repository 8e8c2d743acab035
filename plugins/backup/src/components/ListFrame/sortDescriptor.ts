import type { SortDescriptor } from '@backstage/ui';

/** `-created` as the table has it. */
export function readSort(sort: string): SortDescriptor {
  return {
    column: sort.replace(/^-/, ''),
    direction: sort.startsWith('-') ? 'descending' : 'ascending',
  };
}

/** What the table says as it stands in the URL. */
export function writeSort(descriptor: SortDescriptor): string {
  const sign = descriptor.direction === 'descending' ? '-' : '';
  return `${sign}${String(descriptor.column)}`;
}
