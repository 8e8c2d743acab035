import { fromColumns, toColumns } from './columns';

it('turns a list around and back', () => {
  const list: { a: number; b?: string }[] = [{ a: 1, b: 'x' }, { a: 2 }];
  const names = { a: true, b: true } as const;
  const columns = toColumns(list, names);
  expect(columns).toEqual({ a: [1, 2], b: ['x', undefined] });
  expect(fromColumns(columns)).toEqual(list);
  expect(fromColumns(toColumns([] as typeof list, names))).toEqual([]);
});
