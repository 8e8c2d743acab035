import {
  fitsPattern,
  namespaceNameProblem,
  namespaceSuggestions,
  patternsFor,
} from './namespacePatterns';

const now = new Date('2026-11-23T08:42:00Z');

it('fills in the source namespace', () => {
  expect(patternsFor(['{{namespace}}-*', 'dr-{{namespace}}'], 'shop')).toEqual([
    'shop-*',
    'dr-shop',
  ]);
});

it.each([
  ['shop-copy', 'shop-*', true],
  ['shop-', 'shop-*', false],
  ['shop', 'shop-*', false],
  ['payments', 'shop-*', false],
  ['xshop-copy', 'shop-*', false],
  ['shopXcopy', 'shop.copy', false],
  ['dr-shop', 'dr-shop', true],
])('%s and %s: %s', (name, pattern, fits) => {
  expect(fitsPattern(name, pattern)).toBe(fits);
});

it('suggests names by date, then with numbers', () => {
  const [first, second, third] = namespaceSuggestions(['shop-*'], now);
  expect([first, second, third]).toEqual([
    'shop-restore-1123',
    'shop-restore-1123-2',
    'shop-restore-1123-3',
  ]);
});

it('suggests only names that are valid and fit', () => {
  const source = 'a'.repeat(56);
  const names = [...namespaceSuggestions([`${source}-*`], now, 12)];
  expect(names[0]).toBe(`${source}-r1123`);
  for (const name of names) {
    expect(namespaceNameProblem(name)).toBeUndefined();
    expect(fitsPattern(name, `${source}-*`)).toBe(true);
  }
  expect([...namespaceSuggestions([], now)]).toEqual([]);
});
