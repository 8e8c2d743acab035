import { runName } from './runName';

const now = new Date('2026-11-23T08:42:31Z');

it('says what and when, with a random end', () => {
  expect(runName('orders', now, () => 0.5)).toBe('orders-20261123-0842-sssss');
});

it.each([
  ['Orders_API.v2', 'orders-api-v2-20261123-0842-aaaaa'],
  ['-_-', 'backup-20261123-0842-aaaaa'],
  [`${'x'.repeat(39)}-yyy`, `${'x'.repeat(39)}-20261123-0842-aaaaa`],
])('makes a valid name of %s', (what, name) => {
  expect(runName(what, now, () => 0)).toBe(name);
  expect(name.length).toBeLessThanOrEqual(63);
});
