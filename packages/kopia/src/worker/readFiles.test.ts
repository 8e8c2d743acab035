import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SlownessMeter } from '../SlownessMeter';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { fileMeter, FileToRead, readFiles } from './readFiles';

afterAll(removeTemporaryFolders);

const memory = Buffer.alloc(4096);
const text = ({ at, length }: { at: number; length: number }) =>
  memory.toString('utf8', at, at + length);
const read = (
  files: readonly FileToRead[],
  meter: SlownessMeter = fileMeter(),
) => readFiles(files, memory, text, meter);

it('reads each file to its place, an empty one and one that has shrunk too', () => {
  const folder = temporaryFolder();
  const file = (name: string, content: string, size: number, at: number) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return { path: name === 'bytes' ? Buffer.from(path) : path, size, at };
  };
  expect(
    read([
      file('one', 'first', 5, 100),
      file('empty', '', 0, 106),
      file('shrunk', 'abc', 20, 107),
      file('bytes', 'second', 6, 200),
    ]),
  ).toEqual([
    { length: 5, hash: 'first' },
    { length: 0, hash: '' },
    { length: 3, hash: 'abc' },
    { length: 6, hash: 'second' },
  ]);
});

it('reads no more of a file that has grown than there is room for', () => {
  const path = join(temporaryFolder(), 'grown');
  writeFileSync(path, 'x'.repeat(100));
  memory.fill(0);
  expect(read([{ path, size: 10, at: 0 }])).toEqual([{ length: 0 }]);
  expect(memory.indexOf(0)).toBe(11);
});

it('does not follow a link or wait for a FIFO that took the place of a file', () => {
  const folder = temporaryFolder();
  symlinkSync('/etc/passwd', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  const place = { size: 10, at: 0 };
  const [link, fifo, directory, missing] = read([
    { path: join(folder, 'link'), ...place },
    { path: join(folder, 'fifo'), ...place },
    { path: folder, ...place },
    { path: join(folder, 'missing'), ...place },
  ]);
  expect(link).toMatchObject({ failed: { code: 'ELOOP', syscall: 'open' } });
  expect(fifo).toEqual({ length: 0, hash: '' });
  expect(directory).toMatchObject({ failed: { code: 'EISDIR' } });
  expect(missing).toMatchObject({ failed: { code: 'ENOENT' } });
});

it('leaves files of a slow file system to others', () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, 'x');
  // Whatever a call takes is too long.
  const meter = new SlownessMeter(-1, 2);
  const file = { path, size: 1, at: 0 };
  expect(
    read(Array(6).fill(file), meter).map(({ hash }) => hash === 'x'),
  ).toEqual([true, true, true, false, false, true]);
});
