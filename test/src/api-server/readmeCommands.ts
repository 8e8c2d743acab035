import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../cluster/childProcess';

/**
 * The shell commands that deploy/README.md gives under a heading, block by block: tests run what readers run.
 *
 * @throws Error when there is no such heading
 */
export function readmeCommands(heading: string): string[] {
  const text = readFileSync(path.join(root, 'deploy/README.md'), 'utf8');
  const section = text
    .split(/^## /m)
    .find(each => each.split('\n', 1)[0].endsWith(heading));
  if (!section) throw new Error(`deploy/README.md has no heading "${heading}"`);
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(
    ([, commands]) => commands,
  );
}
