import { compileGlob } from './glob';

describe('compileGlob', () => {
  it.each([
    ['foo', 'foo', true],
    ['foo', 'foob', false],
    ['*', '', true],
    ['*', 'a.b/c', true],
    ['*.bar', 'foo.bar', true],
    ['*.bar', 'bar.foo', false],
    ['a*b*c', 'a1b2b3c', true],
    ['a*b*c', 'a1b2b3', false],
    ['te?t', 'test', true],
    ['te?t', 'tet', false],
    ['ns-[12]', 'ns-2', true],
    ['ns-[12]', 'ns-3', false],
    ['ns-[a-c]', 'ns-b', true],
    ['ns-[a-c]', 'ns-d', false],
    ['ns-[!a-c]', 'ns-d', true],
    ['ns-[!ab]', 'ns-a', false],
    ['[-a]', '-', true],
    ['{app,db}-prod', 'db-prod', true],
    ['{app,db}-prod', 'web-prod', false],
    ['a{b,c{d,e}}', 'ace', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['a+b.c', 'a+b.c', true],
    ['a+b.c', 'aab-c', false],
    ['**', 'anything', true],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  it.each([
    ['[ab', 'unclosed bracket'],
    ['[]', 'empty bracket'],
    ['[!]', 'empty bracket'],
    ['[a-z0-9]', 'one range'],
    ['[z-a]', 'one range'],
    ['{a,b', 'unclosed brace'],
    ['{a,b}'.repeat(12), 'more than 1000 alternatives'],
  ])('refuses %s', (pattern, message) => {
    expect(() => compileGlob(pattern)).toThrow(message);
  });

  it('stays quick with many stars', () => {
    const matches = compileGlob(`${'a*'.repeat(60)}b`);
    const started = Date.now();
    expect(matches('a'.repeat(5000))).toBe(false);
    expect(Date.now() - started).toBeLessThan(1000);
  });
});
