import { ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { ProcessPause } from './ProcessPause';

const program = `
const { spawn } = require('child_process');
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 100)'], { detached: true, stdio: 'ignore' });
console.log(child.pid);
setInterval(() => {}, 100);
`;

const stateOf = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1][0];

// States of processes are read from /proc.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('ProcessPause', () => {
  let parent: ChildProcess;
  let child: number;

  beforeAll(async () => {
    parent = spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout!, 'data');
    child = Number(String(line));
  });

  afterAll(() => {
    process.kill(child, 'SIGKILL');
    parent.kill('SIGKILL');
  });

  it('stops a process and its descendants in other groups, until the last holder is done', async () => {
    const pause = new ProcessPause();
    const origins = { pids: [parent.pid!], podRoots: [] };
    const states = () => [parent.pid!, child].map(stateOf);
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const first = pause.during(origins, () => held);
    await pause.during(origins, async () => {
      expect(states()).toEqual(['T', 'T']);
    });
    expect(states()).toEqual(['T', 'T']);
    release();
    await first;
    expect(states()).not.toContain('T');
  });

  it('lets them go on when the work fails', async () => {
    const pause = new ProcessPause();
    await expect(
      pause.during({ pids: [parent.pid!], podRoots: [] }, async () => {
        throw new Error('disk full');
      }),
    ).rejects.toThrow('disk full');
    expect(stateOf(child)).not.toBe('T');
  });
});
