import ignore, { Ignore } from 'ignore';

interface Level {
  /** Folder of the rules, relative to the root: empty or ending with `/`. */
  readonly folder: string;
  readonly rules: Ignore;
}

/**
 * Which entries to leave out: rules like those of `.gitignore`, from policies and from files in the tree. Rules of a
 * deeper folder come later and can take back what a higher one ignored.
 */
export class IgnoreRules {
  static readonly none = new IgnoreRules([]);

  private constructor(private readonly levels: readonly Level[]) {}

  /** These rules and more for everything below a folder. @param folder - relative to the root, empty for the root */
  with(folder: string, rules: readonly string[]): IgnoreRules {
    if (rules.length === 0) return this;
    const level = {
      folder: folder ? `${folder}/` : '',
      rules: ignore({ ignorecase: false, allowRelativePaths: true }).add(rules),
    };
    return new IgnoreRules([...this.levels, level]);
  }

  /** Whether there is no rule at all. */
  get empty(): boolean {
    return this.levels.length === 0;
  }

  /** @param path - relative to the root */
  ignores(path: string, isDirectory: boolean): boolean {
    let ignored = false;
    for (const { folder, rules } of this.levels) {
      const below = path.slice(folder.length) + (isDirectory ? '/' : '');
      const result = rules.test(below);
      if (result.ignored) ignored = true;
      else if (result.unignored) ignored = false;
    }
    return ignored;
  }
}

/** The rules in an ignore file. */
export function parseIgnoreFile(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter(line => line.trim() !== '' && !line.startsWith('#'));
}
