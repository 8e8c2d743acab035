import { refineList, RefinementRules } from './refineList';

interface Item {
  name: string;
  state: string;
  size?: number;
}

const items: Item[] = [
  { name: 'Anna', state: 'done', size: 3 },
  { name: 'Bert', state: 'failed' },
  { name: 'Cleo', state: 'done', size: 1 },
  { name: 'Dora', state: 'done', size: 2 },
];
const rules: RefinementRules<Item> = {
  text: item => item.name,
  state: item => item.state,
  columns: { size: item => item.size, name: item => item.name },
};
const all = { q: '', sort: 'name', page: 1 };

function names(refinement: Partial<typeof all & { state: string }>, size = 10) {
  return refineList(items, { ...all, ...refinement }, rules, size).rows.map(
    ({ name }) => name,
  );
}

describe('refineList', () => {
  it('searches every word, case ignored', () => {
    expect(names({ q: 'AN na' })).toEqual(['Anna']);
    expect(names({ q: 'an zz' })).toEqual([]);
  });

  it('filters by state', () => {
    expect(names({ state: 'failed' })).toEqual(['Bert']);
  });

  it('sorts both ways, what has no value last', () => {
    expect(names({ sort: 'size' })).toEqual(['Cleo', 'Dora', 'Anna', 'Bert']);
    expect(names({ sort: '-size' })).toEqual(['Anna', 'Dora', 'Cleo', 'Bert']);
  });

  it('keeps the order for a column that it does not know', () => {
    expect(names({ sort: '-nonsense' })).toEqual([
      'Anna',
      'Bert',
      'Cleo',
      'Dora',
    ]);
  });

  it('pages, and shows the last page when a later one is asked for', () => {
    expect(names({ page: 2 }, 3)).toEqual(['Dora']);
    const page = refineList(items, { ...all, page: 9 }, rules, 3);
    expect(page).toMatchObject({ page: 2, total: 4, offset: 3 });
  });

  it('has one empty page when nothing matches', () => {
    expect(refineList([], all, rules, 3)).toEqual({
      rows: [],
      total: 0,
      page: 1,
      offset: 0,
    });
  });
});
