import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { KubeObject } from '../KubeObject';
import { isObject, parseJson } from '../json';
import { Change } from './ObjectStorage';

/** One line of the journal: the new state of an object, or that it is gone. */
interface JournalLine {
  revision: number;
  collection: string;
  key: string;
  object?: KubeObject;
}

/**
 * Keeps the storage in a folder: a journal of changes, rewritten as a snapshot at start. A line counts only when it is
 * complete, so a process that dies while it writes loses at most the change that nobody was told of yet.
 */
export class StateFolder {
  private readonly file: string;
  private handle: number | undefined;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = join(folder, 'objects.jsonl');
  }

  /** What was kept, or undefined for a new folder. Throws when a complete line cannot be read. */
  read(): { revision: number; objects: [string, KubeObject][] } | undefined {
    if (!existsSync(this.file)) return undefined;
    const journal = readFileSync(this.file, 'utf8');
    const complete = journal.slice(0, journal.lastIndexOf('\n') + 1);
    const objects = new Map<string, [string, KubeObject]>();
    let revision = 1;
    for (const [index, text] of complete.split('\n').entries()) {
      if (text === '') continue;
      const parsed = parseJson(text);
      if (!isObject(parsed)) {
        throw new Error(`${this.file}:${index + 1} is not a journal line`);
      }
      const entry = parsed as unknown as JournalLine;
      revision = Math.max(revision, entry.revision);
      const id = `${entry.collection} ${entry.key}`;
      if (entry.object) objects.set(id, [entry.collection, entry.object]);
      else objects.delete(id);
    }
    return revision === 1
      ? undefined
      : { revision, objects: [...objects.values()] };
  }

  /** Starts a new journal with the given objects in place of the old one. */
  start(revision: number, objects: Iterable<[string, KubeObject]>) {
    this.close();
    const temporary = `${this.file}.new`;
    const handle = openSync(temporary, 'w', 0o600);
    for (const [collection, object] of objects) {
      writeSync(handle, line(collection, revision, object, false));
    }
    fsyncSync(handle);
    renameSync(temporary, this.file);
    this.handle = handle;
  }

  append(collection: string, change: Change) {
    if (this.handle === undefined) throw new Error('the journal is closed');
    writeSync(
      this.handle,
      line(
        collection,
        change.revision,
        change.object,
        change.type === 'DELETED',
      ),
    );
  }

  close() {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }
}

function line(
  collection: string,
  revision: number,
  object: KubeObject,
  deleted: boolean,
): string {
  const { namespace, name } = object.metadata;
  const entry: JournalLine = {
    revision,
    collection,
    key: `${namespace ?? ''}/${name}`,
    ...(deleted ? {} : { object }),
  };
  return `${JSON.stringify(entry)}\n`;
}
