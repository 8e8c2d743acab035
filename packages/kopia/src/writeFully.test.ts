import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';
import { xorshift } from './testing/xorshift';
import { writeFully } from './writeFully';

afterAll(removeTemporaryFolders);

it('writes all bytes, one after the other or where they belong', async () => {
  const file = join(temporaryFolder(), 'file');
  const handle = await open(file, 'w');
  const long = xorshift(1, 3_000_000);
  await writeFully(handle, long);
  await writeFully(handle, Buffer.from('end'));
  await writeFully(handle, Buffer.alloc(0));
  await writeFully(handle, xorshift(2, 2_000_000), 500_000);
  await handle.close();
  const wanted = Buffer.concat([long, Buffer.from('end')]);
  xorshift(2, 2_000_000).copy(wanted, 500_000);
  expect(readFileSync(file).equals(wanted)).toBe(true);
});

it('goes on after a write that was cut short, and ends between two when told to', async () => {
  const file = join(temporaryFolder(), 'file');
  const handle = await open(file, 'w');
  const write = handle.write.bind(handle) as (
    bytes: Buffer,
    from: number,
    length: number,
    position: number | null,
  ) => Promise<{ bytesWritten: number; buffer: Buffer }>;
  const controller = new AbortController();
  let writes = 0;
  jest.spyOn(handle, 'write').mockImplementation((async (
    ...[bytes, from, length, position]: Parameters<typeof write>
  ) => {
    writes += 1;
    if (writes === 3) controller.abort(new Error('enough'));
    return write(bytes, from, Math.min(length, 700_001), position);
  }) as never);
  const bytes = xorshift(3, 2_000_000);
  await writeFully(handle, bytes.subarray(0, 1_400_000));
  expect(readFileSync(file).equals(bytes.subarray(0, 1_400_000))).toBe(true);
  await expect(writeFully(handle, bytes, 0, controller.signal)).rejects.toThrow(
    'enough',
  );
  expect(writes).toBe(3);
  await handle.close();
});
