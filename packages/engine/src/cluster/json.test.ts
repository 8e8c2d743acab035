import {
  cloneJson,
  equalJson,
  isRawNumber,
  parseJson,
  stringifyJson,
} from './json';

describe('parseJson and stringifyJson', () => {
  it.each([
    '{"a":9007199254740993}',
    '{"a":[1.0,1e3,1E3,-0,-0.0,0.10,123456789012345678901234567890]}',
    '{"a":-9007199254740993,"b":1.5,"c":12}',
    '[9223372036854775807,-9223372036854775808]',
    '{"text":"port: 1.0, 9007199254740993","n":0.5}',
    '{"__proto__":{"x":1.0},"constructor":2}',
    '12345678901234567890',
    '{"deep":[[[[{"n":1.10}]]]]}',
    '{"small":5e-324,"big":1.7976931348623157e308,"huge":1e999}',
  ])('keeps %s', text => {
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it('leaves ordinary numbers as numbers', () => {
    expect(parseJson('{"a":1,"b":1.5,"c":-7}')).toEqual({
      a: 1,
      b: 1.5,
      c: -7,
    });
    expect(parseJson('{"a": 9007199254740991}')).toEqual({
      a: Number.MAX_SAFE_INTEGER,
    });
  });

  it('refuses what is not JSON', () => {
    expect(() => parseJson('{"a":1.0,}')).toThrow(SyntaxError);
  });

  it('sorts members by the bytes of their names, as Go does', () => {
    expect(
      stringifyJson(parseJson('{"b":1.0,"a":{"z":1,"ä":2,"Z":3}}'), {
        sortKeys: true,
      }),
    ).toBe('{"a":{"Z":3,"z":1,"ä":2},"b":1.0}');
  });

  it('clones and compares raw numbers', () => {
    const value = parseJson<{ n: unknown; list: unknown[] }>(
      '{"n":9007199254740993,"list":[{"x":1.0}]}',
    );
    const copy = cloneJson(value);
    expect(copy).not.toBe(value);
    expect(isRawNumber(copy.n)).toBe(true);
    expect(stringifyJson(copy)).toBe(stringifyJson(value));
    expect(equalJson(copy, value)).toBe(true);
    expect(
      equalJson(parseJson('{"a":1,"b":2}'), parseJson('{"b":2,"a":1}')),
    ).toBe(true);
    expect(
      equalJson(
        parseJson('[9007199254740993]'),
        parseJson('[9007199254740992]'),
      ),
    ).toBe(false);
  });
});
