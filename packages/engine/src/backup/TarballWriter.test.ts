import { createHash } from 'crypto';
import { buffer } from 'stream/consumers';
import { gunzipSync } from 'zlib';
import { parseJson } from '../cluster/json';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { TarballLostError, TarballWriter } from './TarballWriter';

const object = (name: string, extra: object = {}): KubernetesObject => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name },
  ...extra,
});

const location = (name: string) => ({
  groupResource: 'configmaps',
  namespace: 'shop',
  name,
});

describe('TarballWriter', () => {
  it('writes sorted compact JSON without rounding numbers, and knows its digest', async () => {
    const writer = new TarballWriter(() => new Date(0));
    const reading = buffer(writer.output);
    await writer.start();
    await writer.add(
      location('a'),
      'v1',
      object('a', parseJson<object>('{"z":9007199254740993,"b":1.0}')),
    );
    writer.finish();
    const bytes = await reading;
    const text = gunzipSync(bytes).toString('latin1');
    expect(text).toContain(
      '{"apiVersion":"v1","b":1.0,"kind":"ConfigMap","metadata":{"name":"a"},"z":9007199254740993}',
    );
    expect(text.startsWith('metadata/version\0')).toBe(true);
    expect(text).toContain('000755');
    expect(writer.facts()).toEqual({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      size: bytes.length,
    });
  });

  it('waits for its reader instead of filling memory', async () => {
    const writer = new TarballWriter(() => new Date(0));
    await writer.start();
    let written = 0;
    const writing = (async () => {
      for (let index = 0; index < 400; index += 1) {
        const noise = Array.from({ length: 20_000 }, (_, i) =>
          ((i * 7919 + index * 104729) % 65_521).toString(36),
        ).join('');
        await writer.add(
          location(`c${index}`),
          'v1',
          object(`c${index}`, { data: noise }),
        );
        written += 1;
      }
      writer.finish();
    })();
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(written).toBeLessThan(200);
    await Promise.all([buffer(writer.output), writing]);
    expect(written).toBe(400);
  }, 60_000);

  it('ends the writer when the reader has gone', async () => {
    const writer = new TarballWriter(() => new Date(0));
    await writer.start();
    writer.abort(new Error('the disk is full'));
    await expect(writer.add(location('a'), 'v1', object('a'))).rejects.toThrow(
      TarballLostError,
    );
  });
});
