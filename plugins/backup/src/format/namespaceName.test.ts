import { namespaceNameFault } from './namespaceName';

describe('namespaceNameFault', () => {
  it.each([
    ['shop-restore-1122', undefined],
    ['a', undefined],
    ['a'.repeat(63), undefined],
    ['', 'empty'],
    ['a'.repeat(64), 'too-long'],
    ['Shop', 'invalid'],
    ['shop_1', 'invalid'],
    ['-shop', 'invalid'],
    ['shop-', 'invalid'],
    ['shop.1', 'invalid'],
  ])('%p: %p', (name, fault) => {
    expect(namespaceNameFault(name)).toBe(fault);
  });
});
