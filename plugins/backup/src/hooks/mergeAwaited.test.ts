import { mergeAwaited } from './mergeAwaited';

const a = { name: 'a' };
const b = { name: 'b' };

describe('mergeAwaited', () => {
  it('puts on top what the list does not have yet', () => {
    expect(mergeAwaited([a], [{ item: b, since: 1_000 }], 2_000)).toEqual([
      b,
      a,
    ]);
  });

  it('prefers what the list has', () => {
    const items = [{ name: 'b', state: 'done' }];
    expect(
      mergeAwaited(
        items,
        [{ item: { name: 'b', state: 'new' }, since: 1_000 }],
        2_000,
      ),
    ).toBe(items);
  });

  it('gives up after 20 s', () => {
    expect(mergeAwaited([a], [{ item: b, since: 1_000 }], 21_000)).toEqual([a]);
  });
});
