import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** A wrong use of the command; the message says what is right. */
export class UsageError extends Error {}

/** A parsed command line. */
export interface CommandLine {
  readonly verb: string;
  readonly operands: readonly string[];
  readonly options: Readonly<
    Record<string, string | boolean | readonly string[] | undefined>
  >;
}

export const usage = `Usage: kopia <verb> --repository <place> [options]

Places: a folder, or s3://bucket/prefix?endpoint=https://…  (access keys: the AWS environment variables)
Password: environment variable KOPIA_PASSWORD, or --password-file FILE

  create                       make a repository (--hash, --encryption, --splitter)
  upload DIR                   store a directory or file (--description, --tag KEY=VALUE, --pin, --source USER@HOST:PATH,
                               --stream for a block device)
  list                         snapshots
  ls ID[:PATH]                 entries of a directory
  cat ID:PATH                  bytes of a file to standard output
  restore ID[:PATH] TARGET     to a folder, or to a file with --tar or --zip
                               (--keep-existing, --delete-extra, --parallel N, --no-sparse)
  verify [ID]                  check one snapshot or all (--sample 0..100, --contents)
  maintain                     run what is due (--quick, --full, --force, --unsafe-immediately)
  delete ID…                   delete snapshots
  password                     change the password (new one: KOPIA_NEW_PASSWORD or --new-password-file FILE)

  --json                       machine-readable result on standard output
  --workers N                  threads for hashing and encrypting
`;

/** Parses what follows the program's name. Throws {@link UsageError}. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        repository: text,
        'password-file': text,
        'new-password-file': text,
        json: flag,
        help: flag,
        hash: text,
        encryption: text,
        splitter: text,
        description: text,
        tag: { ...text, multiple: true },
        pin: { ...text, multiple: true },
        source: text,
        stream: flag,
        'fail-fast': flag,
        'keep-existing': flag,
        'delete-extra': flag,
        parallel: text,
        sparse: flag,
        tar: flag,
        zip: flag,
        sample: text,
        contents: flag,
        quick: flag,
        full: flag,
        force: flag,
        'unsafe-immediately': flag,
        workers: text,
        user: text,
      },
    });
    const [verb, ...operands] = positionals;
    return {
      verb: values.help || !verb ? 'help' : verb,
      operands,
      options: values,
    };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A text option. */
export function textOption(
  { options }: CommandLine,
  name: string,
): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A whole number option. */
export function numberOption(
  line: CommandLine,
  name: string,
): number | undefined {
  const value = textOption(line, name);
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value))
    throw new UsageError(`--${name} needs a number, not "${value}"`);
  return Number(value);
}

/** The password, from the environment or a file; never from the command line, which others can see. */
export function readPassword(
  line: CommandLine,
  environment: NodeJS.ProcessEnv,
  fileOption: string,
  variable: string,
): string {
  const file = textOption(line, fileOption);
  const password =
    file === undefined
      ? environment[variable]
      : readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  if (!password)
    throw new UsageError(`Set ${variable} or --${fileOption} FILE`);
  return password;
}

/** Takes `ID` or `ID:PATH` apart. */
export function parsePlace(operand: string | undefined): {
  id: string;
  path: string;
} {
  if (!operand) throw new UsageError('The ID of a snapshot is missing');
  const colon = operand.indexOf(':');
  return colon < 0
    ? { id: operand, path: '' }
    : { id: operand.slice(0, colon), path: operand.slice(colon + 1) };
}

/** Takes `USER@HOST:PATH` apart. */
export function parseSource(text: string | undefined): {
  userName?: string;
  host?: string;
  path?: string;
} {
  if (text === undefined) return {};
  const match = /^([^@:]+)@([^:]+):(.+)$/.exec(text);
  if (!match) throw new UsageError('--source needs the form USER@HOST:PATH');
  return { userName: match[1], host: match[2], path: match[3] };
}
