// What must hold before anything is downloaded or started: each refusal says what to do.
import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const gibibyte = 1024 ** 3;
const diskForInstall = 4 * gibibyte;
const diskForRun = gibibyte / 2;

function refuse(message) {
  console.error(message);
  process.exit(1);
}

/** Refuses platforms without the binaries we need and a disk that would fill up half-way. */
export function refuseUnsupportedMachine({ root, installed }) {
  const { platform, arch } = process;
  if (platform === 'win32') {
    refuse('Windows is supported through WSL: open a WSL terminal (https://learn.microsoft.com/windows/wsl) and run the same command there.');
  }
  if (!['linux', 'darwin'].includes(platform) || !['x64', 'arm64'].includes(arch)) {
    refuse(`${platform}-${arch} is not supported. Use Linux (x64 or arm64, glibc), macOS, or Windows by WSL.`);
  }
  if (platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime) {
    refuse('This Linux has no glibc (Alpine and other musl systems): the Node and PostgreSQL binaries need it. Use a glibc distribution such as Debian, Ubuntu or Fedora, for example in a container.');
  }
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  const needed = installed ? diskForRun : diskForInstall;
  if (free < needed) {
    refuse(`Only ${(free / gibibyte).toFixed(1)} GiB are free on the disk of ${root}, ${(needed / gibibyte).toFixed(1)} GiB are needed. Free some space, or clone to another disk.`);
  }
}

/** Refuses a port that another program listens on. */
export async function refuseBusyPort(args) {
  const { values } = parseArgs({ args, options: { port: { type: 'string' } }, strict: false });
  const port = Number(values.port ?? 7007);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    refuse(`--port ${values.port} is not a port: give a number from 1 to 65535, for example: npm run demo -- --port 7008`);
  }
  for (const host of ['127.0.0.1', undefined]) {
    const error = await new Promise(resolve => {
      const server = createServer();
      server.once('error', resolve);
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
    });
    if (error?.code === 'EADDRINUSE') {
      refuse(`Port ${port} is in use by another program. Stop it, or choose another port: npm run demo -- --port ${port + 1}`);
    }
    if (error?.code === 'EACCES') {
      refuse(`Port ${port} may not be opened by this user. Choose one above 1023: npm run demo -- --port 7007`);
    }
  }
}
