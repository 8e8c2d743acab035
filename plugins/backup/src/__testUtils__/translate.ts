import { messages } from '../translations/messages';
import { Translate } from '../translations/useTranslate';

interface Nested {
  [key: string]: string | Nested;
}

function find(path: string[], from: Nested): string | undefined {
  const [head, ...rest] = path;
  const found = from[head];
  if (typeof found === 'object') {
    return find(rest, found);
  }
  return rest.length === 0 ? found : undefined;
}

/** The English texts for tests of pure functions, without an app around them. */
export const translate = ((
  key: string,
  values: Record<string, string | number> = {},
) => {
  const { count } = values;
  const plural =
    count === undefined ? '' : `_${Number(count) === 1 ? 'one' : 'other'}`;
  const text =
    find(`${key}${plural}`.split('.'), messages) ??
    find(key.split('.'), messages) ??
    key;
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => String(values[name]));
}) as unknown as Translate;
