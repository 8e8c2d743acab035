import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { messageOf } from '../../errors';

/** Extended attributes and access control lists of a tree; neither is stored. @public */
export interface AttributeCounts {
  /** False where nobody could look: then the numbers are 0 and say nothing. */
  readonly counted: boolean;
  /** Why nobody could look. */
  readonly reason?: string;
  /** Files and directories with an access control list besides their mode. */
  readonly accessControlLists: number;
  /** Files and directories with other attributes; labels of SELinux, which every file has there, are left out. */
  readonly extendedAttributes: number;
}

const accessLists = /^system\.(posix_acl_(access|default)|nfs4_acl|cifs_acl)/;
const everywhere = /^security\.(selinux|ima|evm)/;
const program = 'getfattr';

/** What is said where nobody looked. */
export function uncounted(reason: string): AttributeCounts {
  return {
    counted: false,
    reason,
    accessControlLists: 0,
    extendedAttributes: 0,
  };
}

/** A count that is under way. */
export interface AttributeCounting {
  /** Waits for the count, at most for a time; what is not counted by then is given up. Never throws. */
  finish(patienceMs: number): Promise<AttributeCounts>;
  /** Gives up. */
  stop(): void;
}

/**
 * Counts what the snapshot format cannot hold. Node has no call that shows attributes, so this asks the system's
 * `getfattr`, where there is one, beside the upload and with the lowest priority.
 */
export function startCountingAttributes(root: string): AttributeCounting {
  const counts = { accessControlLists: 0, extendedAttributes: 0 };
  const child = spawn(
    'nice',
    [
      '-n',
      '19',
      program,
      '--recursive',
      '--physical',
      '--no-dereference',
      '--absolute-names',
      '--match=-',
      '--',
      root,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH } },
  );
  let access = false;
  let other = false;
  const endEntry = () => {
    if (access) counts.accessControlLists += 1;
    if (other) counts.extendedAttributes += 1;
    access = false;
    other = false;
  };
  // Names of files and of attributes are escaped by the program: a line is a line.
  createInterface({ input: child.stdout }).on('line', line => {
    if (line.startsWith('# file: ')) endEntry();
    else if (accessLists.test(line)) access = true;
    else if (line !== '' && !everywhere.test(line)) other = true;
  });
  const result = new Promise<AttributeCounts>(resolve => {
    child.on('error', error => resolve(uncounted(messageOf(error))));
    child.on('close', (code, signal) => {
      endEntry();
      // 126 and 127: the program is not there; 1: some files could not be looked at, the others were.
      if (signal) resolve(uncounted(`${program} was ended by ${signal}`));
      else if (code === null || code > 1)
        resolve(uncounted(`${program} is not installed`));
      else resolve({ counted: true, ...counts });
    });
  });
  return {
    async finish(patienceMs) {
      let timer: NodeJS.Timeout | undefined;
      const tired = new Promise<AttributeCounts>(resolve => {
        timer = setTimeout(() => {
          child.kill('SIGKILL');
          resolve(uncounted(`${program} took too long`));
        }, patienceMs);
      });
      try {
        return await Promise.race([result, tired]);
      } finally {
        clearTimeout(timer);
      }
    },
    stop() {
      child.kill('SIGKILL');
    },
  };
}
