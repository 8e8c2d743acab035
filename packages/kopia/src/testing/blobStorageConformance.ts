import { BlobStorage, listAll } from '../blob/BlobStorage';

/** What every storage must do; run it inside a `describe`. */
export function blobStorageConformance(open: () => Promise<BlobStorage>): void {
  let storage: BlobStorage;
  beforeEach(async () => {
    storage = await open();
  });
  afterEach(() => storage.close());

  it('gives back what it was given, whole and in parts', async () => {
    await storage.put('kopia.repository', Buffer.from('short name'));
    await storage.put('p0123456789abcdef0123456789abcdef-s1', [
      Buffer.from('long '),
      Buffer.alloc(0),
      Buffer.from('name'),
    ]);
    expect((await storage.get('kopia.repository')).toString()).toBe(
      'short name',
    );
    const id = 'p0123456789abcdef0123456789abcdef-s1';
    expect((await storage.get(id)).toString()).toBe('long name');
    expect((await storage.get(id, { offset: 5, length: 4 })).toString()).toBe(
      'name',
    );
    expect((await storage.get(id, { offset: 0, length: 1 })).toString()).toBe(
      'l',
    );
    expect(await storage.get(id, { offset: 3, length: 0 })).toHaveLength(0);
  });

  it('holds empty blobs', async () => {
    await storage.put('empty', Buffer.alloc(0));
    expect(await storage.get('empty')).toHaveLength(0);
    expect((await storage.stat('empty'))?.length).toBe(0);
  });

  it('replaces blobs, also after a part was read', async () => {
    await storage.put('xn0_00000000000000000000-s1-c1', Buffer.from('first'));
    await storage.get('xn0_00000000000000000000-s1-c1', {
      offset: 0,
      length: 2,
    });
    await storage.put('xn0_00000000000000000000-s1-c1', Buffer.from('second'));
    expect(
      (
        await storage.get('xn0_00000000000000000000-s1-c1', {
          offset: 0,
          length: 6,
        })
      ).toString(),
    ).toBe('second');
  });

  it('says when a blob is missing or too short', async () => {
    await expect(storage.get('missing')).rejects.toMatchObject({
      code: 'blob-not-found',
      place: { blob: 'missing' },
    });
    await expect(
      storage.get('missing', { offset: 0, length: 1 }),
    ).rejects.toMatchObject({ code: 'blob-not-found' });
    expect(await storage.stat('missing')).toBeUndefined();
    await storage.put('short', Buffer.from('12345'));
    await expect(
      storage.get('short', { offset: 3, length: 3 }),
    ).rejects.toMatchObject({ code: 'corrupt' });
    await expect(
      storage.get('short', { offset: 9, length: 1 }),
    ).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('lists by prefix, with sizes and times', async () => {
    const ids = [
      'xn1_aaaaaaaaaaaaaaaaaaaaaaaa-s1-c1',
      'xn10_aaaaaaaaaaaaaaaaaaaaaaa-s1-c1',
      'xe1',
      'p1',
      'x',
    ];
    for (const id of ids) await storage.put(id, Buffer.from(id));
    const names = async (prefix: string) =>
      (await listAll(storage, prefix)).map(({ id }) => id).sort();
    expect(await names('')).toEqual([...ids].sort());
    expect(await names('xn1_')).toEqual([ids[0]]);
    expect(await names('xn')).toEqual([ids[1], ids[0]]);
    expect(await names('xn1_aaaaaaaaaa')).toEqual([ids[0]]);
    expect(await names('y')).toEqual([]);
    const [found] = await listAll(storage, 'p1');
    expect(found.length).toBe(2);
    expect(Math.abs(found.timestamp - Date.now())).toBeLessThan(10_000);
    expect((await storage.stat('p1'))?.timestamp).toBeCloseTo(
      found.timestamp,
      -4,
    );
  });

  it('lists many blobs', async () => {
    for (let i = 0; i < 25; i++)
      await storage.put(`q${String(i).padStart(32, '0')}`, Buffer.from([i]));
    expect(await listAll(storage, 'q')).toHaveLength(25);
  });

  it('deletes, twice without complaint', async () => {
    await storage.put('s0123456789abcdef0123456789-s1', Buffer.from('x'));
    await storage.delete('s0123456789abcdef0123456789-s1');
    await storage.delete('s0123456789abcdef0123456789-s1');
    expect(await listAll(storage, '')).toEqual([]);
    await expect(
      storage.get('s0123456789abcdef0123456789-s1'),
    ).rejects.toMatchObject({ code: 'blob-not-found' });
  });

  it('refuses names that could leave its place', async () => {
    for (const id of ['../../../etc/passwd', 'a/b', '..', '', 'a\0b']) {
      await expect(storage.get(id)).rejects.toThrow();
      await expect(storage.put(id, Buffer.from('x'))).rejects.toMatchObject({
        code: 'corrupt',
      });
    }
  });

  it('ends when the signal says so', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(
      storage.put('a', Buffer.from('x'), { signal }),
    ).rejects.toThrow('enough');
    await expect(storage.get('a', undefined, { signal })).rejects.toThrow(
      'enough',
    );
    expect(await storage.stat('a')).toBeUndefined();
  });

  it('keeps parallel writes apart', async () => {
    const ids = Array.from(
      { length: 12 },
      (_, i) => `p${String(i).padStart(32, '0')}-s1`,
    );
    await Promise.all(
      ids.map((id, i) => storage.put(id, Buffer.alloc(50_000, i))),
    );
    const read = await Promise.all(ids.map(id => storage.get(id)));
    read.forEach((data, i) =>
      expect(data.equals(Buffer.alloc(50_000, i))).toBe(true),
    );
  });
}
