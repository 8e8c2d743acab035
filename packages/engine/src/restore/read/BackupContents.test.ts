import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip, gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { BackupContents, defaultContentsLimits } from './BackupContents';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-contents-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function tarball(
  entries: [header: Partial<Header> & { name: string }, content?: string][],
): Promise<Buffer> {
  const tar = pack();
  const packed = buffer((tar as unknown as Readable).pipe(createGzip()));
  for (const [header, content] of entries) tar.entry(header, content ?? '');
  tar.finalize();
  return packed;
}

async function unpack(bytes: Buffer, limits = {}): Promise<BackupContents> {
  return BackupContents.unpack(
    Readable.from([bytes]),
    path.join(folder, 'contents'),
    { limits: { ...defaultContentsLimits, ...limits } },
  );
}

const item = (name: string, type = 'configmaps') =>
  `resources/${type}/namespaces/shop/${name}.json`;

describe('BackupContents', () => {
  it('gives objects by type in the order of their names, the last of equal paths', async () => {
    const contents = await unpack(
      await tarball([
        [{ name: 'metadata/version' }, '1.1.0\n'],
        [{ name: item('b') }, '{"metadata":{"name":"old"}}'],
        [{ name: item('a') }, '{"metadata":{"name":"a"}}'],
        [{ name: item('b') }, '{"metadata":{"name":"new"}}'],
        [
          {
            name: 'resources/configmaps/v1-preferredversion/namespaces/shop/a.json',
          },
          '{}',
        ],
      ]),
    );
    const items = contents.itemsOf('configmaps');
    expect(items.map(each => each.name)).toEqual(['a', 'b']);
    expect((await contents.read(items[1])).metadata.name).toBe('new');
    expect(contents.namespaces()).toEqual(['shop']);
    await contents.close();
  });

  it.each([
    ['../secrets', 'unsafe-path'],
    ['/etc/passwd', 'unsafe-path'],
    ['resources/../../x.json', 'unsafe-path'],
  ])('refuses %s', async (name, problem) => {
    await expect(
      unpack(await tarball([[{ name }, '{}']])),
    ).rejects.toMatchObject({ problem });
  });

  it('takes no links for objects', async () => {
    const contents = await unpack(
      await tarball([
        [{ name: item('a'), type: 'symlink', linkname: '/etc/passwd' }],
      ]),
    );
    expect(contents.size).toBe(0);
    await contents.close();
  });

  it('ends before attributes of an entry fill the memory', async () => {
    // The header of an extended attribute record that announces 64 MiB, and its bytes.
    const size = 64 * 1024 ** 2;
    const header = Buffer.alloc(512);
    header.write('pax', 0);
    header.write('0000644\0', 100);
    header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('x', 156);
    header.write('ustar\u000000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const bytes = gzipSync(Buffer.concat([header, Buffer.alloc(size, 'a')]));
    await expect(unpack(bytes, { ratio: 1e9 })).rejects.toMatchObject({
      problem: expect.stringMatching(/^(too-large|corrupt)$/),
    });
  });

  it('counts entries', async () => {
    const bytes = await tarball(
      ['a', 'b', 'c'].map(name => [{ name: item(name) }, '{}']),
    );
    await expect(unpack(bytes, { entries: 2 })).rejects.toThrow(
      'more than 2 entries',
    );
  });

  it('says what is cut off', async () => {
    const bytes = await tarball([
      [{ name: item('a') }, JSON.stringify({ metadata: {}, data: folder })],
    ]);
    await expect(
      unpack(bytes.subarray(0, bytes.length - 12)),
    ).rejects.toMatchObject({ problem: 'truncated' });
    await expect(unpack(Buffer.from('no tarball'))).rejects.toMatchObject({
      problem: 'corrupt',
    });
  });

  it('quotes nothing of an object that cannot be read: it may be a Secret', async () => {
    const contents = await unpack(
      await tarball([
        [{ name: item('a', 'secrets') }, '{"data":{"password":"hunter2"'],
        [{ name: item('b', 'secrets') }, '"hunter2"'],
      ]),
    );
    for (const each of contents.itemsOf('secrets')) {
      const error = await contents.read(each).catch((e: Error) => e);
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).not.toContain('hunter2');
    }
    await contents.close();
  });
});
