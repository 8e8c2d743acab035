import { toGoMode, fromGoMode } from './DirectoryEntry';
import {
  compareUtf8,
  formatDirectory,
  goString,
  parseDirectory,
  sortEntries,
} from './directoryJson';
import { compressorForFile, mergePolicies, pathAndParents } from './policy';
import { retentionReasons } from './retention';
import { SnapshotManifest } from './SnapshotManifest';
import { IgnoreRules, parseIgnoreFile } from './upload/IgnoreRules';
import { decodeName } from './upload/sourceFiles';

describe('directory objects', () => {
  const summary = {
    size: 0,
    files: 0,
    symlinks: 0,
    dirs: 1,
    maxTime: '2024-01-01T00:00:00Z',
    numFailed: 0,
  };

  it('escape as Go does', () => {
    expect(goString('a<b>&"c\\')).toBe('"a\\u003cb\\u003e\\u0026\\"c\\\\"');
    expect(goString('\u2028\u2029\b\f\n\r\t\u0001\u007f')).toBe(
      '"\\u2028\\u2029\\b\\f\\n\\r\\t\\u0001\u007f"',
    );
    expect(goString('ü😀\ufffd')).toBe('"ü😀\ufffd"');
    expect(goString('x\udcff')).toBe('"x\\ufffd"');
  });

  it('leave out zero values', () => {
    const entry = {
      name: 'f',
      type: 'f',
      mode: '00',
      size: 0,
      mtime: '1970-01-01T00:00:00Z',
      uid: 0,
      gid: 0,
      obj: 'ab',
    };
    expect(formatDirectory([entry], summary).toString()).toContain(
      '"entries":[{"name":"f","type":"f","obj":"ab"}],',
    );
    expect(
      formatDirectory([], {
        ...summary,
        numIgnoredErrors: 1,
        errors: [{ path: 'p', error: 'e' }],
      }).toString(),
    ).toBe(
      '{"stream":"kopia:directory","entries":null,"summary":{"size":0,"files":0,"symlinks":0,"dirs":1,"maxTime":"2024-01-01T00:00:00Z","numFailed":0,"numIgnoredErrors":1,"errors":[{"path":"p","error":"e"}]}}\n',
    );
  });

  it('sort by bytes, directories first', () => {
    expect(compareUtf8('\uffee', '\u{1F600}')).toBeLessThan(0);
    expect(['b', 'a', 'ab', ''].sort(compareUtf8)).toEqual([
      '',
      'a',
      'ab',
      'b',
    ]);
    const sorted = sortEntries([
      { name: 'a', type: 'f', obj: '' },
      { name: 'z', type: 'd', obj: '' },
      { name: 'Z', type: 's', obj: '' },
    ]);
    expect(sorted.map(({ name }) => name)).toEqual(['z', 'Z', 'a']);
  });

  it('are refused when malformed', () => {
    for (const text of [
      '',
      '[]',
      'null',
      '{}',
      '{"stream":"kopia:directory","entries":[{}]}',
      '{"stream":"kopia:directory","entries":5}',
    ]) {
      expect(() => parseDirectory(Buffer.from(text), 'k1')).toThrow(/k1/);
    }
  });

  it('keep every mode bit', () => {
    for (let mode = 0; mode < 0o10000; mode += 37)
      expect(fromGoMode(toGoMode(mode))).toBe(mode);
    expect([toGoMode(0o4755), toGoMode(0o1777), toGoMode(0)]).toEqual([
      '040000755',
      '04000777',
      '00',
    ]);
    expect(fromGoMode(undefined)).toBe(0);
  });

  it('tell names apart that are not UTF-8', () => {
    expect(decodeName(Buffer.from('ü\ufffd'))).toBe('ü\ufffd');
    expect(decodeName(Buffer.from([0x61, 0xff, 0xfe, 0x62]))).toBe(
      'a\udcff\udcfeb',
    );
    expect(decodeName(Buffer.from([0xe2, 0x82, 0x61]))).toBe('\udce2\udc82a');
    expect(
      decodeName(Buffer.concat([Buffer.from('😀'), Buffer.from([0xc3])])),
    ).toBe('😀\udcc3');
  });
});

describe('policies', () => {
  it('are merged field by field, lists united', () => {
    const merged = mergePolicies([
      {
        compression: { neverCompress: ['.jpg'] },
        retention: { keepLatest: 3 },
      },
      {
        compression: { compressorName: 'zstd', neverCompress: ['.gz'] },
        retention: { keepLatest: 5, keepDaily: 1 },
      },
    ]);
    expect(merged.compression).toEqual({
      compressorName: 'zstd',
      neverCompress: ['.gz', '.jpg'],
    });
    expect(merged.retention).toMatchObject({
      keepLatest: 3,
      keepDaily: 1,
      keepAnnual: 3,
    });
    expect(
      mergePolicies([{ noParent: true, files: { maxFileSize: 5 } }])
        .compression,
    ).toBeUndefined();
    const alone = mergePolicies([
      { compression: { neverCompress: ['.jpg'], noParentNeverCompress: true } },
      { compression: { neverCompress: ['.gz'] } },
    ]);
    expect(alone.compression!.neverCompress).toEqual(['.jpg']);
  });

  it('choose compressors by name and size', () => {
    const compression = {
      compressorName: 'zstd',
      minSize: 10,
      maxSize: 100,
      neverCompress: ['.gz'],
      onlyCompress: ['.log'],
    };
    const choose = (name: string, size: number) =>
      compressorForFile({ compression }, name, size);
    expect([
      choose('a.log', 50),
      choose('a.gz', 50),
      choose('a', 50),
      choose('a', 5),
      choose('a', 500),
    ]).toEqual(['zstd', undefined, 'zstd', undefined, undefined]);
    expect(
      compressorForFile({ compression: { compressorName: 'none' } }, 'a', 1),
    ).toBeUndefined();
  });

  it('apply to paths and their parents', () => {
    expect(pathAndParents('/a/b/c')).toEqual(['/a/b/c', '/a/b', '/a', '/']);
    expect(pathAndParents('x/kopia/ns/pvc')).toEqual([
      'x/kopia/ns/pvc',
      'x/kopia/ns',
      'x/kopia',
      'x',
    ]);
    expect(pathAndParents('/')).toEqual(['/']);
  });
});

describe('ignore rules', () => {
  it('of deeper folders take back those of higher ones', () => {
    const rules = IgnoreRules.none
      .with('', ['*.tmp', '/build/', 'a/**/z'])
      .with('sub', ['!keep.tmp', '/only-here']);
    expect(rules.ignores('x.tmp', false)).toBe(true);
    expect(rules.ignores('sub/keep.tmp', false)).toBe(false);
    expect(rules.ignores('sub/only-here', false)).toBe(true);
    expect(rules.ignores('build', true)).toBe(true);
    expect(rules.ignores('build', false)).toBe(false);
    expect(rules.ignores('X.TMP', false)).toBe(false);
    expect(rules.ignores('a/b/c/z', false)).toBe(true);
    expect(parseIgnoreFile('# c\n\n*.log\r\n!a\n')).toEqual(['*.log', '!a']);
  });
});

describe('retention', () => {
  const snapshot = (
    id: string,
    startTime: string,
    incomplete?: string,
  ): SnapshotManifest => ({
    id,
    source: { host: 'h', userName: 'u', path: '/p' },
    description: '',
    startTime,
    endTime: startTime,
    incomplete,
  });

  it('keeps the latest, and the first of each period', () => {
    const snapshots = Array.from({ length: 72 }, (_, i) =>
      snapshot(
        `h${i}`,
        new Date(Date.UTC(2026, 0, 1) + i * 3600_000).toISOString(),
      ),
    );
    const reasons = retentionReasons(snapshots, {
      keepLatest: 2,
      keepHourly: 3,
      keepDaily: 2,
      keepMonthly: 1,
    });
    const kept = [...reasons].filter(([, why]) => why.length > 0);
    expect(Object.fromEntries(kept)).toEqual({
      h71: ['latest-1', 'monthly-1', 'daily-1', 'hourly-1'],
      h70: ['latest-2', 'hourly-2'],
      h69: ['hourly-3'],
      h47: ['daily-2'],
    });
  });

  it('keeps everything without rules, or with rules without end', () => {
    const snapshots = [
      snapshot('a', '2020-01-01T00:00:00Z'),
      snapshot('b', '2026-01-01T00:00:00Z'),
    ];
    for (const policy of [{}, { keepLatest: 2 ** 31 - 1 }]) {
      expect(
        [...retentionReasons(snapshots, policy).values()].every(
          why => why.length > 0,
        ),
      ).toBe(true);
    }
  });

  it('keeps unfinished ones only while they are the newest', () => {
    const snapshots = [
      snapshot('old', '2026-01-01T00:00:00Z', 'checkpoint'),
      snapshot('done', '2026-01-02T00:00:00Z'),
      snapshot('new', '2026-01-03T00:00:00Z', 'checkpoint'),
    ];
    const reasons = retentionReasons(snapshots, { keepLatest: 1 });
    expect(reasons.get('old')).toEqual([]);
    expect(reasons.get('new')).toEqual(['incomplete']);
  });
});
