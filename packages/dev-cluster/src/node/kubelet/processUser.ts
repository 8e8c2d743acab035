import { readFileSync } from 'node:fs';

export interface ProcessUser {
  uid: number;
  gid: number;
}

const NOBODY: ProcessUser = { uid: 65534, gid: 65534 };

/** The user for processes that must not run as root; undefined when we are not root ourselves. */
export function unprivilegedUser(): ProcessUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find(each => each.startsWith('nobody:'));
    const [, , uid, gid] = line?.split(':') ?? [];
    return uid && gid ? { uid: Number(uid), gid: Number(gid) } : NOBODY;
  } catch {
    return NOBODY;
  }
}
