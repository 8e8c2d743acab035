import { compareRows } from './compareRows';

const order = (id: number) => ({
  id,
  customer: `c${id}`,
  item: 'cog',
  cents: id,
});
const orders = (...ids: number[]) => ids.map(order);

describe('compareRows', () => {
  it('accepts all confirmed rows and a beginning of the later ones', () => {
    expect(
      compareRows(orders(6, 7), orders(8, 9, 10), orders(1, 6, 7, 8, 9)),
    ).toEqual({
      confirmedBefore: 2,
      confirmedLater: 3,
      laterInCopy: 2,
      rowsInCopy: 5,
      problems: [],
    });
  });

  it('names lost and changed rows', () => {
    const { problems } = compareRows(orders(6, 7), orders(8), [
      { ...order(7), cents: 1 },
      order(8),
    ]);
    expect(problems).toEqual([
      '1 rows that were confirmed before the backup are missing: 6',
      '1 rows are different: 7',
    ]);
  });

  it('sees that a copy was not made in one moment', () => {
    const { problems } = compareRows([], orders(8, 9, 10), orders(8, 10));
    expect(problems).toEqual([expect.stringContaining('not one moment')]);
  });
});
