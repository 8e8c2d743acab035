import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SnapshotManifest } from '../snapshot/SnapshotManifest';

/** An entry of a snapshot as the judge read it: what its directory says, and the SHA-256 of its bytes. */
export interface JudgedEntry {
  readonly type: 'd' | 'f' | 's';
  readonly obj: string;
  readonly mode?: string;
  readonly mtime?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly sha256?: string;
}

/** What the independent reader found in a repository. */
export interface Judgement {
  readonly format: Record<string, unknown>;
  readonly keyAlgorithm: string;
  readonly indexBlobs: readonly string[];
  readonly epochs: { readonly writeEpoch: number; readonly watermark: number };
  readonly contents: {
    readonly visible: number;
    readonly deleted: number;
    readonly deletedWithoutPack: number;
    /** Live contents by kind: prefix letter and header ID of the compressor in hexadecimal. */
    readonly compressions: Record<string, number>;
  };
  readonly packs: number;
  readonly sessions: readonly string[];
  readonly manifests: readonly Record<string, string>[];
  /** Names of the maintenance tasks in the history. */
  readonly tasks: readonly string[];
  readonly snapshots: readonly {
    readonly id: string;
    readonly labels: Record<string, string>;
    readonly manifest: SnapshotManifest;
    readonly entries: Record<string, JudgedEntry>;
  }[];
}

const given = process.env.LIFEBOAT_KOPIA_CHECK;
const folder =
  given && (statSync(given).isDirectory() ? given : dirname(given));

/** Folder of kopia_check.py, the independent reader, where LIFEBOAT_KOPIA_CHECK names it. */
export const judgeFolder: string | undefined = folder;

/** Lets the independent reader read a whole repository in a folder. Throws with its message when anything deviates. */
export async function judge(
  repository: string,
  password: string,
): Promise<Judgement> {
  const { stdout } = await promisify(execFile)(
    process.env.LIFEBOAT_PYTHON ?? 'python3',
    // Only tests come here, and they run from source.
    // eslint-disable-next-line no-restricted-syntax
    [join(__dirname, 'report.py'), folder!, repository, password],
    { maxBuffer: 1 << 28 },
  );
  return JSON.parse(stdout) as Judgement;
}

/** SHA-256 of every file and of every link's target below a folder, by path. */
export function hashesOf(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string, name: string) => {
    const stats = lstatSync(path);
    if (stats.isDirectory()) {
      for (const child of readdirSync(path))
        visit(join(path, child), name ? `${name}/${child}` : child);
    } else {
      const bytes = stats.isSymbolicLink()
        ? readlinkSync(path, { encoding: 'buffer' })
        : readFileSync(path);
      found[name] = createHash('sha256').update(bytes).digest('hex');
    }
  };
  visit(root, '');
  return found;
}

/** The same of a snapshot, as the judge read it. */
export function judgedHashes({
  snapshots,
}: Judgement): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const { id, entries } of snapshots) {
    all[id] = {};
    for (const [path, { sha256 }] of Object.entries(entries))
      if (sha256 !== undefined) all[id][path] = sha256;
  }
  return all;
}
