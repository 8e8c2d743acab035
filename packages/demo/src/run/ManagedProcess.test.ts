import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from './ManagedProcess';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-process-'));
const program = join(folder, 'program.cjs');

function start(source: string, onLine?: (line: string) => void) {
  writeFileSync(program, source);
  return new ManagedProcess({
    name: 'the program',
    args: [program],
    cwd: folder,
    env: process.env,
    logFile: join(folder, 'log'),
    onLine,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ManagedProcess', () => {
  it('shows the end of the log when the program fails', async () => {
    const failing = start("console.error('the reason'); process.exit(3)");
    await expect(failing.failure()).rejects.toThrow(
      /the program ended with 3[\s\S]*the reason/,
    );
  });

  it('stops a program', async () => {
    let line: (text: string) => void = () => {};
    const printed = new Promise<string>(resolve => {
      line = resolve;
    });
    const running = start(
      "process.on('SIGTERM', () => process.exit(0)); console.log('ready'); setInterval(() => {}, 1000)",
      text => line(text),
    );
    expect(await printed).toBe('ready');
    await running.stop();
    expect(await running.exited).toBe(0);
  });

  it('ends the program when its parent is killed', async () => {
    start('', () => {});
    const watcher = join(folder, 'watchParent.cjs');
    writeFileSync(
      program,
      "require('fs').writeFileSync(process.argv[2], String(process.pid)); setInterval(() => {}, 1000)",
    );
    const pidFile = join(folder, 'pid');
    const parent = spawn(process.execPath, [
      '-e',
      `require('child_process').spawn(process.execPath, ['--require', ${JSON.stringify(
        watcher,
      )}, ${JSON.stringify(program)}, ${JSON.stringify(
        pidFile,
      )}], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }); setInterval(() => {}, 1000)`,
    ]);
    const pid = await (async () => {
      for (;;) {
        await sleep(50);
        try {
          const text = readFileSync(pidFile, 'utf8');
          if (text) return Number(text);
        } catch {
          // Not written yet.
        }
      }
    })();
    parent.kill('SIGKILL');
    for (let turn = 0; turn < 100 && isAlive(pid); turn += 1) await sleep(50);
    expect(isAlive(pid)).toBe(false);
  });
});
