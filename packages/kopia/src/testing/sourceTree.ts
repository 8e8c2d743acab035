import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { xorshift } from './xorshift';

const base = '2024-01-02T03:04:05.678901234Z';

/** Sets a time with nanoseconds, which Node's own functions cannot. */
export function touch(path: string, time: string): void {
  execFileSync('touch', ['-h', '-d', time, path]);
}

/**
 * The tree "a1" of the fixtures: names, modes, links, owners and times that tell implementations apart. The owner of
 * one file differs only when this runs as root.
 */
export function makeFixtureTree(root: string): void {
  const files: Record<string, Buffer> = {
    'empty.txt': Buffer.alloc(0),
    'one.bin': Buffer.from('A'),
    'text.txt': Buffer.from(
      'The quick brown fox jumps over the lazy dog.\n'.repeat(20),
    ),
    'random-300k.bin': xorshift(0xa5a5a5a5, 307200),
    'dup/random-300k-copy.bin': xorshift(0xa5a5a5a5, 307200),
    'unicode-\u00f1-\u65e5\u672c\u8a9e-\u{1F600}.txt': Buffer.from(
      'Привет, κόσμε, 世界 😀\n',
    ),
    'nfd-e\u0301.txt': Buffer.from('decomposed\n'),
    'a&b<c>\u2028.txt': Buffer.from('html-escaped name\n'),
    'quote"back\\slash.txt': Buffer.from('quoted name\n'),
    'script.sh': Buffer.from('#!/bin/sh\necho hello\n'),
    'setuid.bin': Buffer.from('setuid\n'),
    'dir/sub/deep/leaf.txt': Buffer.from('leaf\n'),
    'dir/sub/other.txt': Buffer.from('other\n'),
    'Zdir/z.txt': Buffer.from('z\n'),
  };
  for (const [name, data] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(root, name), data);
    chmodSync(join(root, name), 0o644);
  }
  symlinkSync('text.txt', join(root, 'link-to-text'));
  symlinkSync('missing/target', join(root, 'dangling'));
  linkSync(join(root, 'text.txt'), join(root, 'dup/hardlink-to-text.txt'));
  mkdirSync(join(root, 'empty-dir'));
  for (const folder of [
    'dir',
    'dir/sub',
    'dir/sub/deep',
    'dup',
    'empty-dir',
    '.',
  ])
    chmodSync(join(root, folder), 0o755);
  if (process.geteuid?.() === 0)
    chownSync(join(root, 'dir/sub/other.txt'), 1000, 1001);
  chmodSync(join(root, 'script.sh'), 0o755);
  chmodSync(join(root, 'setuid.bin'), 0o4755);
  chmodSync(join(root, 'Zdir'), 0o1777);
  const special: Record<string, string> = {
    'empty.txt': '2024-01-01T00:00:00Z',
    'script.sh': '2024-01-01T00:00:00.12Z',
  };
  const folders = [
    'dir/sub/deep',
    'dir/sub',
    'dir',
    'dup',
    'Zdir',
    'empty-dir',
    '',
  ];
  for (const name of [
    ...Object.keys(files),
    'link-to-text',
    'dangling',
    'dup/hardlink-to-text.txt',
    ...folders,
  ]) {
    touch(join(root, name), special[name] ?? base);
  }
}

/** Writes a file with a whole-second time. */
export function writeDated(
  path: string,
  data: Buffer | string,
  seconds = 1_700_000_000,
): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  utimesSync(path, seconds, seconds);
}

/** Makes a link with a whole-second time. */
export function linkDated(
  path: string,
  target: string,
  seconds = 1_700_000_000,
): void {
  symlinkSync(target, path);
  lutimesSync(path, seconds, seconds);
}
