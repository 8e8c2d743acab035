import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buildSync } from 'esbuild';
import { writeDated } from '../testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import {
  parseCommandLine,
  parsePlace,
  parseSource,
  parseUser,
} from './arguments';
import { runCommand } from './commands';
import { describeError } from './describeError';
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
  ).rejects.toThrow('does not exist');
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

it('gets at what was stored as a stream', async () => {
  const folder = temporaryFolder();
  const image = join(folder, 'disk.img');
  writeDated(image, xorshift(1, 200_000));
  const environment = {
    KOPIA_PASSWORD: 'secret',
    KOPIA_REPOSITORY: join(folder, 'repository'),
  };
  await run(environment, 'create');
  const upload = await run(environment, 'upload', image, '--stream', '--json');
  const { id } = JSON.parse(upload.text).snapshot;
  // Velero's way: one entry, whose name is the path of the device.
  expect((await run(environment, 'ls', id)).text).toMatch(
    new RegExp(`200000 .* ${image}\n$`),
  );
  const { bytes } = await run(environment, 'cat', `${id}:${image}`);
  expect(Buffer.concat(bytes).equals(xorshift(1, 200_000))).toBe(true);
  const target = join(folder, 'restored.img');
  const restored = await run(environment, 'restore', `${id}:${image}`, target);
  expect(restored.ok).toBe(true);
  expect(readFileSync(target).equals(xorshift(1, 200_000))).toBe(true);
  for (const other of [folder, '/dev/null'])
    await expect(run(environment, 'upload', other, '--stream')).rejects.toThrow(
      'is neither a block device nor a file',
    );
});

it('refuses what a verb would ignore', async () => {
  const environment = { KOPIA_PASSWORD: 'x', KOPIA_REPOSITORY: '/r' };
  const cases: [string[], string][] = [
    [['upload'], 'upload needs DIR'],
    [['upload', '/a', '/b'], 'upload does not know what to do with "/b"'],
    [['restore', '1234'], 'restore needs ID[:PATH] TARGET'],
    [['list', 'all'], 'list does not know what to do with "all"'],
    [['verify', '--full'], 'verify has no option --full'],
    [['delete', 'abcd', '--force'], 'delete has no option --force'],
    [['maintain', '--quick', '--full'], 'do not go together'],
    [['restore', 'abcd', 'f', '--tar', '--zip'], 'do not go together'],
    [['list', '--user', 'me'], '--user needs the form USER@HOST'],
    [['list', '--workers', '1.5'], '--workers needs a whole number'],
    [['toString'], 'There is no verb "toString"'],
  ];
  for (const [args, message] of cases)
    await expect(run(environment, ...args)).rejects.toThrow(message);
  expect(parseUser('u@h')).toEqual({ username: 'u', hostname: 'h' });
});

it('leaves what is there alone', async () => {
  const taken = temporaryFolder();
  writeFileSync(join(taken, 'letter.txt'), '');
  const environment = { KOPIA_PASSWORD: 'x' };
  await expect(
    run(environment, 'create', '--repository', taken),
  ).rejects.toMatchObject({
    code: 'foreign-storage',
    message: expect.stringContaining('letter.txt'),
  });
  expect(readdirSync(taken)).toEqual(['letter.txt']);

  const repository = temporaryFolder();
  const place = { ...environment, KOPIA_REPOSITORY: repository };
  await run(place, 'create');
  await expect(run(place, 'create')).rejects.toMatchObject({
    code: 'already-exists',
  });
  const uploaded = await run(place, 'upload', taken, '--json');
  const { id } = JSON.parse(uploaded.text).snapshot;
  await expect(run(place, 'verify', id, '--sample', '200')).rejects.toThrow(
    '--sample needs a number from 0 to 100, not "200"',
  );
  const letter = join(taken, 'letter.txt');
  const refused = run(place, 'restore', id, letter, '--tar');
  await expect(refused).rejects.toMatchObject({ code: 'EEXIST' });
  await refused.catch(error =>
    expect(describeError(error)).toBe(`${letter}: exists already`),
  );
  expect(readFileSync(letter, 'utf8')).toBe('');
  const archive = join(taken, 'a.tar');
  expect((await run(place, 'restore', id, archive, '--tar')).text).toBe(
    `${formatBytes(statSync(archive).size)} in ${archive}\n`,
  );
  const listed = await run(place, 'restore', id, '-', '--tar');
  expect(Buffer.concat(listed.bytes)).toEqual(readFileSync(archive));
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

describe('the program', () => {
  const program = join(temporaryFolder(), 'kopia.cjs');
  const environment = { ...process.env, KOPIA_PASSWORD: 'x' };
  beforeAll(() => {
    buildSync({
      entryPoints: [join(__dirname, 'main.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
  });
  const start = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      env: environment,
      encoding: 'utf8',
    });

  it('ends with 0 only on success', () => {
    const missing = join(temporaryFolder(), 'missing');
    const results = [
      start('help'),
      start('fly'),
      start('list', '--repository', temporaryFolder()),
      start('list', '--repository', missing),
      start('verify', '--password-file', missing, '--repository', missing),
    ];
    expect(results.map(({ status }) => status)).toEqual([0, 2, 1, 1, 1]);
    expect(results[3].stderr).toBe(`error: ${missing} does not exist\n`);
    expect(results[4].stderr).toBe(
      `error: ${missing}: no such file or directory\n`,
    );
  });

  it('ends without complaint when nobody reads any more', () => {
    const repository = temporaryFolder();
    const tree = temporaryFolder();
    writeDated(join(tree, 'large'), xorshift(1, 3_000_000));
    start('create', '--repository', repository);
    const uploaded = start(
      'upload',
      tree,
      '--json',
      '--repository',
      repository,
    );
    const { id } = JSON.parse(uploaded.stdout).snapshot;
    for (const command of [
      `cat ${id}:large`,
      `restore ${id} - --tar`,
      `restore ${id} - --zip`,
    ]) {
      const { stdout, stderr } = spawnSync(
        'bash',
        [
          '-c',
          `"$0" "$1" ${command} --repository "$2" | head -c 10 | wc -c; echo \${PIPESTATUS[0]}`,
          process.execPath,
          program,
          repository,
        ],
        { env: environment, encoding: 'utf8' },
      );
      expect([stdout, stderr]).toEqual(['10\n141\n', '']);
    }
    const full = spawnSync(
      'bash',
      [
        '-c',
        '"$0" "$1" list --repository "$2" > /dev/full',
        process.execPath,
        program,
        repository,
      ],
      { env: environment, encoding: 'utf8' },
    );
    expect([full.status, full.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: ENOSPC.*\n$/),
    ]);
  });
});
