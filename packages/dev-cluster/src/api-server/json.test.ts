import { clone, equal, parseJson, withPlainNumbers } from './json';

describe('parseJson', () => {
  it.each([
    ['{"a":9007199254740993}', '{"a":9007199254740993}'],
    ['[-9223372036854775808]', '[-9223372036854775808]'],
    ['[9223372036854775808]', '[9223372036854776000]'],
    ['[1.0,1e3,0.1]', '[1,1000,0.1]'],
    ['{"text":"9007199254740993"}', '{"text":"9007199254740993"}'],
  ])('%s is kept as %s', (text, expected) => {
    const value = parseJson(text);
    expect(JSON.stringify(value)).toBe(expected);
    expect(JSON.stringify(clone(value))).toBe(expected);
    expect(equal(value, parseJson(text))).toBe(true);
  });

  it('keeps a field that is called __proto__', () => {
    const text = '{"__proto__":{"a":1}}';
    expect(JSON.stringify(clone(parseJson(text)))).toBe(text);
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('tells large integers apart', () => {
    expect(
      equal(parseJson('9007199254740993'), parseJson('9007199254740992')),
    ).toBe(false);
    expect(withPlainNumbers(parseJson('[9007199254740993]'))).toEqual([
      9007199254740992,
    ]);
  });
});
