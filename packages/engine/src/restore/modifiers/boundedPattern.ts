import { createContext, Script } from 'node:vm';

/** How long one match may take; names have at most 253 characters, so a reasonable pattern needs microseconds. */
const timeoutMs = 200;

/** Patterns with at most one repetition cannot go back and forth between several: they need no watch. */
function isPlain(pattern: string): boolean {
  return (pattern.match(/[*+{?]/g) ?? []).length <= 1;
}

/**
 * A regular expression of a user, as Go's `regexp` would match it. Go matches in linear time; JavaScript may take forever, which
 * would stop the whole engine: such a match ends with an error.
 *
 * @throws Error if it is no regular expression
 */
export function boundedPattern(text: string): (name: string) => boolean {
  // Go's inline flag for case-insensitivity is the only one in use; JavaScript knows it as an option.
  const insensitive = text.startsWith('(?i)');
  const pattern = insensitive ? text.slice(4) : text;
  let compiled: RegExp;
  try {
    compiled = new RegExp(pattern, insensitive ? 'i' : '');
  } catch (error) {
    throw new Error(
      `error in matching regex error parsing regexp: ${
        (error as Error).message
      }`,
    );
  }
  if (isPlain(pattern)) {
    return name => compiled.test(name);
  }
  const sandbox = createContext({ name: '', compiled });
  const script = new Script('compiled.test(name)');
  return name => {
    sandbox.name = name;
    try {
      return script.runInContext(sandbox, { timeout: timeoutMs }) === true;
    } catch (error) {
      if (
        (error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT'
      ) {
        throw error;
      }
      throw new Error(
        `error in matching regex: ${JSON.stringify(
          text,
        )} takes too long on the name ${JSON.stringify(
          name,
        )}; write it without repetitions inside of repetitions`,
      );
    }
  };
}
