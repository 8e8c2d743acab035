import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { writeDated } from '../testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import { parseCommandLine, parsePlace, parseSource } from './arguments';
import { runCommand } from './commands';
import { formatBytes, printable } from './output';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

/** Runs one command as the program does. */
async function run(environment: NodeJS.ProcessEnv, ...args: string[]) {
  const bytes: Buffer[] = [];
  const notes: string[] = [];
  const stdout = new PassThrough();
  stdout.on('data', part => bytes.push(part));
  const ok = await runCommand({
    line: parseCommandLine(args),
    environment,
    signal: new AbortController().signal,
    stdout,
    output: {
      write: text => void bytes.push(Buffer.from(text)),
      note: text => void notes.push(text),
      progress: () => undefined,
      done: () => undefined,
    },
  });
  return { ok, text: Buffer.concat(bytes).toString(), bytes, notes };
}

it('does everything that an engineer needs', async () => {
  const place = join(temporaryFolder(), 'repository');
  const tree = temporaryFolder();
  writeDated(join(tree, 'a.txt'), 'hello\n');
  writeDated(join(tree, 'sub/b.bin'), xorshift(1, 300_000));
  const environment = { KOPIA_PASSWORD: 'secret', KOPIA_REPOSITORY: place };
  const json = async (...args: string[]) =>
    JSON.parse(
      (await run(environment, ...args, '--json', '--workers', '0')).text,
    );

  expect(await json('create', '--hash', 'BLAKE3-256-128')).toMatchObject({
    version: 3,
    hash: 'BLAKE3-256-128',
  });
  const first = await json(
    'upload',
    tree,
    '--description',
    'first',
    '--tag',
    'tag:app=shop',
    '--pin',
    'keep',
    '--source',
    'u@h:/data',
  );
  expect(first).toMatchObject({
    snapshot: {
      description: 'first',
      tags: { 'tag:app': 'shop' },
      pins: ['keep'],
      source: { userName: 'u', host: 'h', path: '/data' },
    },
    report: { complete: true },
  });
  const { id } = first.snapshot;
  expect(
    (await json('list')).map((snapshot: { id: string }) => snapshot.id),
  ).toEqual([id]);
  expect((await run(environment, 'list')).text).toContain('u@h:/data');
  expect(
    (await json('ls', `${id}:sub`)).map(
      (entry: { name: string }) => entry.name,
    ),
  ).toEqual(['b.bin']);
  expect((await run(environment, 'ls', id.slice(0, 8))).text).toMatch(
    /^d .* sub\nf .* a\.txt\n$/,
  );
  expect((await run(environment, 'cat', `${id}:a.txt`)).text).toBe('hello\n');

  const out = temporaryFolder();
  expect((await run(environment, 'restore', id, join(out, 'all'))).ok).toBe(
    true,
  );
  execFileSync('diff', ['-r', tree, join(out, 'all')]);
  expect(
    (
      await run(
        environment,
        'restore',
        `${id}:sub`,
        join(out, 'sub.tar'),
        '--tar',
      )
    ).ok,
  ).toBe(true);
  mkdirSync(join(out, 'untar'));
  execFileSync('tar', ['-xf', join(out, 'sub.tar')], {
    cwd: join(out, 'untar'),
  });
  expect(
    readFileSync(join(out, 'untar/b.bin')).equals(xorshift(1, 300_000)),
  ).toBe(true);
  await run(environment, 'restore', id, join(out, 'all.zip'), '--zip');
  expect(existsSync(join(out, 'all.zip'))).toBe(true);

  expect(await json('verify', '--contents')).toMatchObject({
    snapshots: 1,
    files: 2,
    damage: [],
    contents: { damage: [] },
  });
  expect((await json('maintain', '--full')).mode).toBe('full');
  expect((await run(environment, 'maintain')).text).toBe('nothing is due\n');
  expect(
    (await run({ ...environment, KOPIA_NEW_PASSWORD: 'other' }, 'password')).ok,
  ).toBe(true);
  await expect(run(environment, 'list')).rejects.toMatchObject({
    code: 'invalid-password',
  });
  const file = join(out, 'password');
  writeFileSync(file, 'other\n');
  const changed = { KOPIA_REPOSITORY: place };
  expect((await run(changed, 'delete', id, '--password-file', file)).ok).toBe(
    true,
  );
  expect((await run(changed, 'list', '--password-file', file)).text).toBe('');
});

it('explains wrong uses', async () => {
  const environment = { KOPIA_PASSWORD: 'x' };
  await expect(run(environment, 'fly')).rejects.toThrow(
    'There is no verb "fly"',
  );
  await expect(run(environment, 'list')).rejects.toThrow(
    '--repository is missing',
  );
  await expect(run({}, 'list', '--repository', '/r')).rejects.toThrow(
    'Set KOPIA_PASSWORD or --password-file FILE',
  );
  await expect(
    run(environment, 'list', '--repository', '/does/not/exist'),
  ).rejects.toThrow('is not a folder');
  await expect(
    run(environment, 'list', '--repository', temporaryFolder()),
  ).rejects.toThrow('there is no repository');
  expect(() => parseCommandLine(['list', '--password', 'x'])).toThrow(
    '--password',
  );
  expect(() => parsePlace(undefined)).toThrow('ID');
  expect(() => parseSource('nonsense')).toThrow('USER@HOST:PATH');
  expect(parseCommandLine([]).verb).toBe('help');
});

it('prints for people', () => {
  expect([
    formatBytes(0),
    formatBytes(1023),
    formatBytes(1536),
    formatBytes(5 * 2 ** 40),
  ]).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 TiB']);
  expect(printable('a\u001b[31m\n')).toBe('a\\x1b[31m\\x0a');
});

const bundle = join(__dirname, '..', '..', 'assets', 'kopia.cjs');
const withFixtures = existsSync(bundle) ? it : it.skip;
withFixtures('ends with 0 only on success', () => {
  const status = (...args: string[]) => {
    try {
      execFileSync(process.execPath, [bundle, ...args], {
        env: { KOPIA_PASSWORD: 'x' },
        stdio: 'pipe',
      });
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  };
  expect([
    status('help'),
    status('fly'),
    status('list', '--repository', temporaryFolder()),
  ]).toEqual([0, 2, 1]);
});
