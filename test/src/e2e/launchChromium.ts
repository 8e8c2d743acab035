import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import packagedChromium from '@sparticuz/chromium';
import { Browser, chromium } from 'playwright-core';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
];

function onPath(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/**
 * The Chromium to use: `CHROME_BIN`, else one on the PATH, else the one of the npm package.
 *
 * @throws when `CHROME_BIN` names no file
 */
async function executablePath(): Promise<string> {
  const named = process.env.CHROME_BIN;
  if (named) {
    if (!existsSync(named)) {
      throw new Error(`CHROME_BIN is ${named}, but there is no such file`);
    }
    return named;
  }
  return onPath() ?? packagedChromium.executablePath();
}

/** Starts Chromium without a window. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await executablePath(),
    headless: true,
    args: [
      // As root, as in containers, Chromium refuses its sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--hide-scrollbars',
    ],
  });
}
