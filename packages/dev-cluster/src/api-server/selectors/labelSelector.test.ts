import { parseLabelSelector } from './labelSelector';

describe('parseLabelSelector', () => {
  it.each([
    ['', {}, true],
    ['a=1', { a: '1' }, true],
    ['a=1', {}, false],
    ['a!=1', {}, true],
    ['a in (1, 2),b', { a: '2', b: '' }, true],
    ['a notin (1)', { a: '1' }, false],
    ['!a', { a: '' }, false],
    ['n>4', { n: '5' }, true],
    ['n<4', { n: '5' }, false],
    ['example.com/a=x', { 'example.com/a': 'x' }, true],
    ['constructor', {}, false],
  ])('%s on %j is %s', (selector, labels, expected) => {
    expect(parseLabelSelector(selector)(labels)).toBe(expected);
  });

  it.each(['a=b=c', '(a', 'a in 1', 'a=b c', 'a,', ',', '=', 'n>x', 'a in (b'])(
    'refuses %s',
    selector => {
      expect(() => parseLabelSelector(selector)).toThrow(/unable to parse/);
    },
  );
});
