import { createHash } from 'crypto';
import { PassThrough, Readable, Transform } from 'stream';
import { pipeline } from 'stream/promises';
import { createGunzip } from 'zlib';
import { extract as createExtract } from 'tar-stream';
import { parseJson, stringifyJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { ItemLocation, itemPath } from '../itemPath';
import type { TarballWriter } from '../TarballWriter';

/** An object that is put into the finished tarball. */
export interface FinalItem {
  location: ItemLocation;
  version: string;
  object: KubernetesObject;
}

/** What becomes different. Items are named by their plain path in the tarball. */
export interface TarballChanges {
  dropped: ReadonlySet<string>;
  changed: ReadonlyMap<string, (object: KubernetesObject) => KubernetesObject>;
  added: FinalItem[];
}

// No API server stores an object that is larger.
const largestItem = 32 * 1024 * 1024;

/**
 * Streams a tarball through once more: leaves items out, changes some, and appends others in place of those of the same name.
 *
 * @returns SHA-256 of the gzipped tarball that was read, hexadecimal
 * @throws when the source cannot be read to its end
 *
 * Source: Velero `buildFinalTarball`.
 */
export async function rewriteTarball(
  source: Readable,
  target: Pick<TarballWriter, 'add' | 'addFile'>,
  changes: TarballChanges,
): Promise<string> {
  const hash = createHash('sha256');
  const digest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const left = new Set([
    ...changes.dropped,
    ...changes.added.map(({ location }) => itemPath(location)),
  ]);
  const extract = createExtract();
  const reading = pipeline(
    source,
    digest,
    createGunzip(),
    // tar-stream's streams are streamx streams: writable through Node's pipeline.
    extract as unknown as PassThrough,
  );
  reading.catch(error => extract.destroy(error as Error));
  for await (const entry of extract) {
    const { name } = entry.header;
    const plain = plainPath(name);
    if (left.has(plain)) {
      entry.resume();
      continue;
    }
    const bytes = await readAll(entry as unknown as Readable, name);
    const change = changes.changed.get(plain);
    await target.addFile(
      name,
      change
        ? Buffer.from(
            stringifyJson(
              change(parseJson<KubernetesObject>(bytes.toString('utf8'))),
              { sortKeys: true },
            ),
          )
        : bytes,
    );
  }
  await reading;
  for (const { location, version, object } of changes.added) {
    await target.add(location, version, object);
  }
  return hash.digest('hex');
}

/** The path of an item without the folder of its version: `resources/pods/v1-preferredversion/…` is `resources/pods/…`. */
function plainPath(name: string): string {
  const parts = name.split('/');
  const isVersioned =
    parts[0] === 'resources' &&
    parts[2] !== 'namespaces' &&
    parts[2] !== 'cluster';
  return isVersioned
    ? [...parts.slice(0, 2), ...parts.slice(3)].join('/')
    : name;
}

async function readAll(entry: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of entry) {
    size += (chunk as Buffer).length;
    if (size > largestItem) {
      throw new Error(`${name} in the tarball is larger than any object`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
