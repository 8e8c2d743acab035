import { parseExactJson, stringifyExactJson } from './exactJson';

describe('exact JSON', () => {
  it('keeps integers that numbers cannot hold', () => {
    const text = '{"big":9007199254740993,"small":7,"half":0.5,"text":"1"}';
    expect(parseExactJson(text)).toEqual({
      big: BigInt('9007199254740993'),
      small: 7,
      half: 0.5,
      text: '1',
    });
    expect(stringifyExactJson(parseExactJson(text))).toBe(text);
  });
});
