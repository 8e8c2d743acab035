import { ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** Environment variable by which processes of one node are recognised. */
export const NODE_MARK = 'LIFEBOAT_NODE_MARK';

const GRACE_MS = 5_000;

/**
 * Runs in a process of its own that outlives its parent: reads `+pid` and `-pid` lines, and when the pipe ends, it ends
 * the process groups that are left. On Linux it also finds processes by their mark, in case the parent died between a
 * spawn and its line.
 */
const program = `
const fs = require('fs');
const mark = ${JSON.stringify(NODE_MARK)} + '=' + process.argv[1];
const groups = new Set();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {});
let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', chunk => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line[0] === '+') groups.add(pid); else groups.delete(pid);
  }
});
function marked() {
  try {
    return fs.readdirSync('/proc').filter(name => /^[0-9]+$/.test(name)).map(Number).filter(pid => {
      if (pid === process.pid) return false;
      try {
        return fs.readFileSync('/proc/' + pid + '/environ', 'utf8').split('\\0').includes(mark);
      } catch { return false; }
    });
  } catch { return []; }
}
function signal(name) {
  let sent = 0;
  for (const pid of [...[...groups].map(pid => -pid), ...marked()]) {
    try { process.kill(pid, name); sent += 1; } catch {}
  }
  return sent;
}
process.stdin.on('close', () => {
  if (signal('SIGTERM') === 0) process.exit(0);
  signal('SIGCONT');
  const end = Date.now() + ${GRACE_MS};
  const timer = setInterval(() => {
    if (signal(0) === 0) process.exit(0);
    if (Date.now() > end) { signal('SIGKILL'); clearInterval(timer); setTimeout(() => process.exit(0), 200); }
  }, 100);
});
process.stdin.resume();
`;

/** Makes sure that no process of the node outlives it, however it dies. */
export class ProcessReaper {
  readonly mark = randomUUID();
  private readonly child: ChildProcess;

  constructor() {
    this.child = spawn(process.execPath, ['-e', program, this.mark], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.child.stdin?.on('error', () => {});
    this.child.unref();
  }

  /** Process id, for tests and messages. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Takes responsibility for a process group. */
  add(groupId: number): void {
    this.child.stdin?.write(`+${groupId}\n`);
  }

  remove(groupId: number): void {
    this.child.stdin?.write(`-${groupId}\n`);
  }

  /** Ends what is left and the reaper itself. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>(resolve => {
      this.child.once('exit', () => resolve());
    });
    this.child.stdin?.end();
    await ended;
  }
}
