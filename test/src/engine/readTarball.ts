import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** A file in a tarball. */
export interface TarballEntry {
  name: string;
  mode: number | undefined;
  text: string;
}

/** All files of a gzipped tarball, in their order. */
export async function readTarball(file: string): Promise<TarballEntry[]> {
  const entries: TarballEntry[] = [];
  const tar = extract();
  createReadStream(file).pipe(createGunzip()).pipe(tar);
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) {
      chunks.push(chunk as Buffer);
    }
    entries.push({
      name: entry.header.name,
      mode: entry.header.mode,
      text: Buffer.concat(chunks).toString('utf8'),
    });
  }
  return entries;
}
