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

Places: a folder, or s3://bucket/prefix?endpoint=https://…  (also: region=…, pathStyle=false, insecure=true;
        access keys: the AWS environment variables; own certificate authority: NODE_EXTRA_CA_CERTS)
        KOPIA_REPOSITORY instead of --repository
Password: environment variable KOPIA_PASSWORD, or --password-file FILE

  create                       make a repository (--hash, --encryption, --splitter)
  upload DIR                   store a directory or file (--description TEXT, --tag KEY=VALUE, --pin NAME,
                               --source USER@HOST:PATH, --parallel N, --fail-fast, --stream for a block device)
  list                         snapshots
  ls ID[:PATH]                 entries of a directory
  cat ID:PATH                  bytes of a file to standard output
  restore ID[:PATH] TARGET     to a folder, a file or a block device; with --tar or --zip to an archive, where - is
                               standard output
                               (--keep-existing, --delete-extra, --parallel N, --no-sparse)
  verify [ID]                  check one snapshot or all (--sample 0..100, --contents)
  maintain                     run what is due (--quick, --full, --force, --unsafe-immediately)
  delete ID…                   delete snapshots
  password                     change the password (new one: KOPIA_NEW_PASSWORD or --new-password-file FILE)

An ID may be cut to its first four digits or more.

  --json                       machine-readable result on standard output
  --user USER@HOST             who this is: source of uploads, owner of maintenance
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

/** An option that is a number within limits. */
export function numberOption(
  line: CommandLine,
  name: string,
  limits: { least?: number; most?: number; fractions?: boolean } = {},
): number | undefined {
  const value = textOption(line, name);
  if (value === undefined) return undefined;
  const { least = 0, most = Infinity, fractions = false } = limits;
  const form = fractions ? /^\d+(\.\d+)?$/ : /^\d+$/;
  if (!form.test(value) || Number(value) < least || Number(value) > most) {
    const kind = fractions ? 'a number' : 'a whole number';
    const range =
      most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new UsageError(`--${name} needs ${kind} ${range}, not "${value}"`);
  }
  return Number(value);
}

/** What a verb takes besides the options of all verbs. */
export interface VerbForm {
  /** How the operands are written, and their least and greatest number. */
  readonly operands?: readonly [form: string, least: number, most: number];
  readonly options?: readonly string[];
  /** Of these options only one may be given. */
  readonly alternatives?: readonly string[];
}

const commonOptions = [
  'repository',
  'password-file',
  'json',
  'help',
  'user',
  'workers',
];

/** Refuses operands and options that the verb would ignore: who gives them expects something of them. */
export function checkForm(line: CommandLine, form: VerbForm): void {
  const { verb, operands, options } = line;
  const [written, least, most] = form.operands ?? ['', 0, 0];
  if (operands.length > most)
    throw new UsageError(
      `${verb} does not know what to do with "${operands[most]}"`,
    );
  if (operands.length < least) throw new UsageError(`${verb} needs ${written}`);
  for (const name of Object.keys(options)) {
    if (!commonOptions.includes(name) && !form.options?.includes(name))
      throw new UsageError(`${verb} has no option --${name}`);
  }
  const given = (form.alternatives ?? []).filter(name => options[name]);
  if (given.length > 1)
    throw new UsageError(`--${given[0]} and --${given[1]} do not go together`);
}

/** Takes `USER@HOST` apart. */
export function parseUser(
  text: string | undefined,
): { username: string; hostname: string } | undefined {
  if (text === undefined) return undefined;
  const match = /^([^@]+)@([^@]+)$/.exec(text);
  if (!match) throw new UsageError('--user needs the form USER@HOST');
  return { username: match[1], hostname: match[2] };
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
