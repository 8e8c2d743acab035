// The application of the stories: writes rows to two volumes that belong together, and says on its standard output what is on
// them: when it starts, and each time it is frozen.
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const volumes = { data: '/data', index: '/index' };
const [freeze, frozen] = ['/state/freeze', '/state/frozen'];
const rows = name => path.join(volumes[name], 'rows.txt');

const say = message =>
  fs.writeSync(
    1,
    `${JSON.stringify({ ...message, at: new Date().toISOString() })}\n`,
  );

function look(folder, below = '') {
  return fs
    .readdirSync(path.join(folder, below))
    .sort()
    .filter(name => below !== '' || !['lost+found', '.velero'].includes(name))
    .flatMap(name => {
      const inside = path.join(below, name);
      const file = path.join(folder, inside);
      const stats = fs.lstatSync(file);
      const mode = (stats.mode & 0o7777).toString(8);
      const owner = `${stats.uid}:${stats.gid}`;
      if (stats.isSymbolicLink())
        return [[inside, 'link', fs.readlinkSync(file)]];
      if (stats.isDirectory())
        return [[inside, 'folder', mode, owner], ...look(folder, inside)];
      const content = createHash('sha256')
        .update(fs.readFileSync(file))
        .digest('hex');
      return [
        [
          inside,
          'file',
          mode,
          owner,
          stats.size,
          stats.mtime.toISOString(),
          content,
        ],
      ];
    });
}

const lookAtAll = () =>
  Object.fromEntries(
    Object.entries(volumes).map(([name, folder]) => [name, look(folder)]),
  );

function fill() {
  const inside = (...names) => path.join(volumes.data, ...names);
  fs.mkdirSync(inside('nested', 'deeper', 'deepest'), { recursive: true });
  fs.writeFileSync(
    inside('nested', 'deeper', 'deepest', 'größe 文件.txt'),
    'names\n',
  );
  fs.writeFileSync(inside('nested', 'empty'), '');
  fs.writeFileSync(inside('random.bin'), randomBytes(3_000_000));
  fs.writeFileSync(inside('secret'), 'only for me\n', { mode: 0o600 });
  fs.writeFileSync(inside('program'), '#!/bin/sh\n', { mode: 0o750 });
  fs.symlinkSync('random.bin', inside('link'));
  fs.symlinkSync('/nowhere/at/all', inside('dangling'));
  const sparse = fs.openSync(inside('sparse.bin'), 'w');
  fs.writeSync(sparse, 'end', 20_000_000);
  fs.closeSync(sparse);
  const old = new Date('2001-02-03T04:05:06.789Z');
  fs.utimesSync(inside('nested', 'empty'), old, old);
  if (process.getuid() === 0) fs.chownSync(inside('secret'), 12345, 23456);
  fs.writeFileSync(path.join(volumes.index, 'format'), '1\n');
}

const count = name =>
  fs.existsSync(rows(name))
    ? fs.readFileSync(rows(name), 'utf8').split('\n').length - 1
    : 0;

// Where the node keeps this pod's files: the kubelet's folder, for those who need its path.
const [, , , hostsFile = ''] =
  fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .find(fields => fields[4] === '/etc/hosts') ?? [];

say({
  event: 'found',
  podFolder: path.dirname(hostsFile),
  rows: { data: count('data'), index: count('index') },
  volumes: lookAtAll(),
});
if (!fs.existsSync(path.join(volumes.index, 'format'))) {
  fill();
  say({ event: 'filled' });
}
let next = count('data');
let since = 0;
setInterval(() => {
  if (fs.existsSync(freeze)) {
    if (since === 0) {
      since = Date.now();
      for (const name of Object.keys(volumes)) {
        const file = fs.openSync(rows(name), 'r+');
        fs.fsyncSync(file);
        fs.closeSync(file);
      }
      say({
        event: 'frozen',
        rows: { data: count('data'), index: count('index') },
        volumes: lookAtAll(),
      });
      fs.writeFileSync(frozen, '');
    }
    return;
  }
  if (since > 0) {
    fs.rmSync(frozen, { force: true });
    say({ event: 'thawed', afterMs: Date.now() - since });
    since = 0;
  }
  const row = `${next} ${createHash('sha256')
    .update(String(next))
    .digest('hex')}\n`;
  fs.appendFileSync(rows('data'), row);
  fs.appendFileSync(rows('index'), row);
  next += 1;
}, 25);
process.on('SIGTERM', () => process.exit(0));
