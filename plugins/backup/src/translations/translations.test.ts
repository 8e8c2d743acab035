import { messages } from './messages';
import german from './de';

interface Nested {
  [key: string]: string | Nested;
}

function flatten(from: Nested, prefix: string = ''): Record<string, string> {
  return Object.entries(from).reduce<Record<string, string>>(
    (all, [key, value]) =>
      typeof value === 'string'
        ? { ...all, [prefix + key]: value }
        : { ...all, ...flatten(value, `${prefix}${key}.`) },
    {},
  );
}

function placeholders(text: string): string[] {
  return (text.match(/\{\{\w+\}\}/g) ?? []).sort();
}

describe('translations', () => {
  const english = flatten(messages);

  it('has every message in German', () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  });

  it('uses the same values in both languages', () => {
    const differing = Object.entries(german).filter(
      ([key, text]) =>
        placeholders(text).join() !== placeholders(english[key]).join(),
    );
    expect(differing).toEqual([]);
  });
});
