type Token =
  | { type: 'text'; character: string }
  | { type: 'one' }
  | { type: 'any' }
  | { type: 'set'; negated: boolean; has(character: string): boolean };

/** Patterns come from users; more alternatives than this are a mistake or an attack. */
const maximumAlternatives = 1000;

/**
 * Compiles a glob: `*` any characters, `?` one, `[abc]` and `[a-c]` one of these, `[!abc]` none of these, `{a,b}` either,
 * `\` takes the next character literally. `.` and `/` are ordinary. The syntax is that of Go's gobwas/glob, which Velero
 * uses; a bracket holds either a list or one range there.
 *
 * @returns A function that tells whether a text matches as a whole, in time proportional to pattern × text.
 * @throws Error if the pattern cannot be understood.
 *
 * @public
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const alternatives = expandAlternatives(pattern).map(tokenize);
  return text => {
    const characters = [...text];
    return alternatives.some(tokens => matches(tokens, characters));
  };
}

/** Turns `a{b,c}d` into `abd` and `acd`. */
function expandAlternatives(pattern: string): string[] {
  const open = findUnescaped(pattern, '{');
  if (open < 0) {
    return [pattern];
  }
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  let close = -1;
  for (let index = open; index < pattern.length && close < 0; index++) {
    const character = pattern[index];
    if (character === '\\') {
      index++;
    } else if (character === '{') {
      depth++;
    } else if (character === ',' && depth === 1) {
      parts.push(pattern.slice(start, index));
      start = index + 1;
    } else if (character === '}' && --depth === 0) {
      parts.push(pattern.slice(start, index));
      close = index;
    }
  }
  if (close < 0) {
    throw new Error(`pattern "${pattern}" has an unclosed brace '{'`);
  }
  const before = pattern.slice(0, open);
  const after = pattern.slice(close + 1);
  const expanded: string[] = [];
  for (const part of parts) {
    expanded.push(...expandAlternatives(`${before}${part}${after}`));
    if (expanded.length > maximumAlternatives) {
      throw new Error(
        `pattern "${pattern}" has more than ${maximumAlternatives} alternatives`,
      );
    }
  }
  return expanded;
}

function findUnescaped(text: string, wanted: string): number {
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') {
      index++;
    } else if (text[index] === wanted) {
      return index;
    }
  }
  return -1;
}

function tokenize(pattern: string): Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index];
    if (character === '*') {
      if (tokens.at(-1)?.type !== 'any') {
        tokens.push({ type: 'any' });
      }
    } else if (character === '?') {
      tokens.push({ type: 'one' });
    } else if (character === '[') {
      const close = characters.indexOf(']', index + 1);
      if (close < 0) {
        throw new Error(`pattern "${pattern}" has an unclosed bracket '['`);
      }
      tokens.push(bracket(pattern, characters.slice(index + 1, close)));
      index = close;
    } else {
      if (character === '\\' && index + 1 < characters.length) {
        index++;
      }
      tokens.push({ type: 'text', character: characters[index] });
    }
  }
  return tokens;
}

function bracket(pattern: string, content: string[]): Token {
  const negated = content[0] === '!';
  const members = negated ? content.slice(1) : content;
  if (members.length === 0) {
    throw new Error(`pattern "${pattern}" has an empty bracket '[]'`);
  }
  if (members[1] === '-') {
    const [low, , high] = members;
    if (members.length !== 3 || high < low) {
      throw new Error(
        `pattern "${pattern}": a bracket holds either single characters such as [abc] or one range such as [a-c]`,
      );
    }
    return {
      type: 'set',
      negated,
      has: character => character >= low && character <= high,
    };
  }
  return {
    type: 'set',
    negated,
    has: character => members.includes(character),
  };
}

function matches(tokens: Token[], characters: string[]): boolean {
  let token = 0;
  let character = 0;
  let lastAny = -1;
  let retryFrom = 0;
  while (character < characters.length) {
    const current = tokens[token];
    if (current?.type === 'any') {
      lastAny = token++;
      retryFrom = character;
    } else if (current && matchesOne(current, characters[character])) {
      token++;
      character++;
    } else if (lastAny >= 0) {
      token = lastAny + 1;
      character = ++retryFrom;
    } else {
      return false;
    }
  }
  while (tokens[token]?.type === 'any') {
    token++;
  }
  return token === tokens.length;
}

function matchesOne(token: Token, character: string): boolean {
  switch (token.type) {
    case 'text':
      return token.character === character;
    case 'set':
      return token.has(character) !== token.negated;
    default:
      return true;
  }
}
