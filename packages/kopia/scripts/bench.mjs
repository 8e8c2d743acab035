// Figures of speed and memory, beside the real kopia program on the same data in the same run where KOPIA names it.
//   npm run bench -- kopia [--repetitions 3] [--mebibytes 1024] [--files 50000] [--only random,text,small] [--s3]
// Both programs take turns; wall time, processor time and peak memory are the child process's own (Linux only).
import { build } from 'esbuild';
import { execFileSync, fork, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    mebibytes: { type: 'string', default: '1024' },
    files: { type: 'string', default: '50000' },
    only: { type: 'string', default: 'random,text,small' },
    s3: { type: 'boolean', default: false },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const repetitions = Number(values.repetitions);
const mebibyte = 1 << 20;
const size = Number(values.mebibytes) * mebibyte;
const own = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = join(own, 'assets', 'kopia.cjs');
const kopia = process.env.KOPIA;
const work = mkdtempSync(join(values.folder ?? tmpdir(), 'kopia-bench-'));
const password = 'bench';

let seed = 1;
const next = () => {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
};

const data = {
  random(folder) {
    const fd = openSync(join(folder, 'random.bin'), 'w');
    const block = Buffer.alloc(8 * mebibyte);
    for (let written = 0; written < size; written += block.length) writeSync(fd, randomFillSync(block));
    closeSync(fd);
  },
  text(folder) {
    for (let file = 0; file < 8; file++) {
      const fd = openSync(join(folder, `requests-${file}.json`), 'w');
      for (let written = 0; written < size / 8; ) {
        const lines = Array.from({ length: 2000 }, () =>
          JSON.stringify({ time: new Date(1.7e12 + (next() % 1e9)), level: ['info', 'warn', 'error'][next() % 3], request: next().toString(16), path: `/api/v1/orders/${next() % 100000}`, status: [200, 201, 404, 500][next() % 4], ms: next() % 1000 }),
        );
        written += writeSync(fd, `${lines.join('\n')}\n`);
      }
      closeSync(fd);
    }
  },
  small(folder) {
    const count = Number(values.files);
    for (let made = 0, directory = 0; made < count; directory++) {
      const path = join(folder, `d${directory % 33}`, `s${directory}`);
      mkdirSync(path, { recursive: true });
      for (let i = 0; i < 45 && made < count; i++, made++) {
        writeFileSync(join(path, `f${i}.dat`), randomFillSync(Buffer.alloc(200 + (next() % 16000))));
      }
    }
  },
};

/** Runs a program and measures it: seconds of wall and processor time, MiB of peak memory. */
function measure(command, args, environment) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', part => (output += part));
    child.stderr.on('data', part => (output += part));
    let cpu = 0;
    let peak = 0;
    const look = () => {
      try {
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
        cpu = (Number(fields[11]) + Number(fields[12])) / 100;
        peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024 || peak;
      } catch {
        // It has ended.
      }
    };
    const timer = setInterval(look, 5);
    // At 'exit' the process is still a zombie whose times can be read only before Node reaps it; 5 ms are lost at most.
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(timer);
      if (code !== 0) reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`));
      else resolve({ wall: (performance.now() - started) / 1000, cpu, peak, output });
    });
  });
}

async function startBucket() {
  const file = join(work, 's3.cjs');
  await build({
    stdin: { contents: `import { startS3Server } from './src/testing/s3Server'; startS3Server().then(server => process.send(server.url)); process.on('disconnect', () => process.exit(0));`, resolveDir: own, loader: 'ts' },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
  const child = fork(file);
  const url = await new Promise(resolve => child.once('message', resolve));
  return { url, close: () => child.disconnect() };
}

/** The two programs behind one set of verbs. */
function lifeboat(place) {
  const environment = { KOPIA_PASSWORD: password, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
  const repository = place.bucket ? `s3://bucket/${place.name}/?endpoint=${encodeURIComponent(place.bucket)}` : join(work, place.name);
  const run = (...args) => measure(process.execPath, [program, ...args, '--repository', repository, '--json'], environment);
  return {
    create: () => run('create'),
    upload: path => run('upload', path),
    async restore(target) {
      const { output } = await run('list');
      return run('restore', JSON.parse(output).at(-1).id, target);
    },
    remove: () => [place.name, `${place.name}-home`].forEach(name => rmSync(join(work, name), { recursive: true, force: true })),
  };
}

function original(place) {
  const home = join(work, `${place.name}-home`);
  mkdirSync(home, { recursive: true });
  const environment = { KOPIA_PASSWORD: password, KOPIA_CHECK_FOR_UPDATES: 'false', HOME: home, KOPIA_CACHE_DIRECTORY: join(home, 'cache') };
  const common = [`--config-file=${home}/config`, `--log-dir=${home}/logs`, '--no-progress', '--no-auto-maintenance', '--no-persist-credentials'];
  const run = (...args) => measure(kopia, [...args, ...common], environment);
  const target = place.bucket
    ? ['s3', '--bucket=bucket', `--prefix=${place.name}/`, `--endpoint=${new URL(place.bucket).host}`, '--disable-tls', '--access-key=key', '--secret-access-key=secret', '--region=us-east-1']
    : ['filesystem', `--path=${join(work, place.name)}`];
  return {
    create: () => run('repository', 'create', ...target),
    compress: name => run('policy', 'set', '--global', `--compression=${name}`),
    upload: path => run('snapshot', 'create', path),
    async restore(to) {
      const { output } = await run('snapshot', 'list', '--json');
      return run('snapshot', 'restore', JSON.parse(output).at(-1).id, to);
    },
    remove: () => [join(work, place.name), home].forEach(path => rmSync(path, { recursive: true, force: true })),
  };
}

const median = numbers => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
let outputs = 0;
const results = {};
function note(test, who, { wall, cpu, peak }) {
  ((results[test] ??= {})[who] ??= []).push({ wall, cpu, peak });
}

async function oneRound(name, tree, bucket, compression) {
  const label = `${name}${compression ? ` ${compression}` : ''}${bucket ? ' S3' : ''}`;
  const programs = [['lifeboat', lifeboat({ name: 'ours', bucket })], ...(kopia ? [['kopia', original({ name: 'theirs', bucket })]] : [])];
  for (const [, client] of programs) await client.create();
  if (compression) {
    // The policy is set by the real program, which both obey.
    if (!kopia) return;
    const [, [, theirs]] = programs;
    await theirs.compress(compression);
    const setter = original({ name: 'ours', bucket });
    const home = join(work, 'ours-home');
    mkdirSync(home, { recursive: true });
    const place = bucket
      ? ['s3', '--bucket=bucket', '--prefix=ours/', `--endpoint=${new URL(bucket).host}`, '--disable-tls', '--access-key=key', '--secret-access-key=secret', '--region=us-east-1']
      : ['filesystem', `--path=${join(work, 'ours')}`];
    execFileSync(kopia, ['repository', 'connect', ...place, `--config-file=${home}/config`, '--no-persist-credentials', '--no-progress'], { env: { ...process.env, KOPIA_PASSWORD: password, KOPIA_CHECK_FOR_UPDATES: 'false', HOME: home }, stdio: 'pipe' });
    await setter.compress(compression);
  }
  for (const [who, client] of programs) note(`${label}: upload`, who, await client.upload(tree));
  for (const [who, client] of programs) note(`${label}: unchanged`, who, await client.upload(tree));
  for (const [who, client] of programs) {
    // Nothing is removed before the end: ext4 looks for new inodes among the recently deleted ones, at a price that
    // whoever restores next would pay.
    const target = join(work, `out-${who}-${(outputs += 1)}`);
    note(`${label}: restore`, who, await client.restore(target));
    execFileSync('diff', ['-r', tree, target]);
  }
  for (const [, client] of programs) client.remove();
}

try {
  if (!existsSync(program)) throw new Error('assets/kopia.cjs is missing: run npm run bench -- kopia, which makes it');
  const names = values.only.split(',');
  for (const name of names) {
    mkdirSync(join(work, name));
    data[name](join(work, name));
  }
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const name of names) {
      await oneRound(name, join(work, name));
      if (name === 'text' && kopia) await oneRound(name, join(work, name), undefined, 'zstd');
      if (values.s3 && name === 'random') {
        const bucket = await startBucket();
        await oneRound(name, join(work, name), bucket.url).finally(bucket.close);
      }
    }
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else {
    const show = runs => ['wall', 'cpu', 'peak'].map(key => median(runs.map(run => run[key])));
    for (const [test, by] of Object.entries(results)) {
      const ours = show(by.lifeboat);
      const line = [test.padEnd(28), `lifeboat ${ours[0].toFixed(2)} s, cpu ${ours[1].toFixed(2)} s, ${ours[2].toFixed(0)} MiB`];
      if (by.kopia) {
        const theirs = show(by.kopia);
        line.push(`kopia ${theirs[0].toFixed(2)} s, cpu ${theirs[1].toFixed(2)} s, ${theirs[2].toFixed(0)} MiB`);
        const pairs = key => median(by.lifeboat.map((run, i) => by.kopia[i][key] / run[key]));
        line.push(`speed ${pairs('wall').toFixed(2)} wall, ${pairs('cpu').toFixed(2)} cpu`);
      }
      console.log(line.join(' | '));
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
