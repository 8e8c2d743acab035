import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { createContentCipher } from '../encryption/ContentCipher';
import { createContentHash } from '../hashing/ContentHash';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import { startSealPool } from './SealPool';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const setup = {
  hash: 'BLAKE2B-256-128',
  secret: Buffer.alloc(32, 1),
  encryption: 'AES256-GCM-HMAC-SHA256',
  masterKey: Buffer.alloc(32, 2),
};

function workerProgram(): string {
  const program = join(temporaryFolder(), 'worker.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  return program;
}

it.each([0, 3])(
  'hashes and encrypts in place with %i workers',
  async workers => {
    const memory = Buffer.from(new SharedArrayBuffer(10_000_000));
    const pool = await startSealPool(
      setup,
      memory,
      workers,
      workers ? workerProgram() : undefined,
    );
    const hash = await createContentHash(setup.hash, setup.secret);
    const cipher = createContentCipher(setup.encryption, setup.masterKey);
    const chunks = Array.from({ length: 9 }, (_, i) => {
      const data = i % 2 ? xorshift(i + 1, 900_000) : Buffer.alloc(900_000, i);
      data.copy(memory, i * 1_000_000 + 100);
      return {
        data,
        stretch: { at: i * 1_000_000 + 100, length: data.length },
      };
    });
    await Promise.all(
      chunks.map(async ({ data, stretch }, i) => {
        const id = await pool.hash(stretch);
        expect(id).toBe(hash.digest(data).toString('hex'));
        const [sealed] = await pool.seal([
          { ...stretch, iv: id, compressor: 'zstd-fastest' },
        ]);
        expect(sealed.compression).toBe(i % 2 ? 0 : 0x1101);
        const plain = cipher.open(
          memory.subarray(sealed.at, sealed.at + sealed.length),
          Buffer.from(id, 'hex'),
        );
        if (i % 2) expect(plain.equals(data)).toBe(true);
        else expect(plain.readUInt32BE(0)).toBe(0x1101);
      }),
    );
    await expect(
      pool.seal([
        { ...chunks[0].stretch, iv: '00'.repeat(16), compressor: 'lz4' },
      ]),
    ).rejects.toThrow('cannot be written');
    await pool.close();
  },
);

it('fails what is asked of a worker that died, also later', async () => {
  const program = join(temporaryFolder(), 'worker.cjs');
  writeFileSync(program, 'throw new Error("cannot start")');
  const pool = await startSealPool(
    setup,
    Buffer.from(new SharedArrayBuffer(100)),
    2,
    program,
  );
  await expect(pool.hash({ at: 0, length: 10 })).rejects.toThrow(
    'cannot start',
  );
  await expect(pool.hash({ at: 0, length: 10 })).rejects.toThrow(
    'cannot start',
  );
  await pool.close();
});
