import type { DataUpload } from '@lifeboat/velero-api';
import { moverWarnings } from './moverWarnings';

const uploadWith = (result?: string) =>
  ({
    kind: 'DataUpload',
    metadata: {
      ...(result !== undefined && {
        annotations: { 'lifeboat.dev/mover-result': result },
      }),
    },
  } as DataUpload);

it.each([
  ['no upload', undefined, []],
  ['no result', uploadWith(), []],
  ['text that is no result', uploadWith('{'), []],
  ['a result without', uploadWith('{"outcome":"completed"}'), []],
  [
    'warnings',
    uploadWith(
      '{"outcome":"completed","warnings":["3 hard links are stored as files of their own"]}',
    ),
    ['3 hard links are stored as files of their own'],
  ],
  [
    'another shape',
    uploadWith('{"outcome":"completed","warnings":"none"}'),
    [],
  ],
  [
    'others among them',
    uploadWith('{"outcome":"completed","warnings":[1,"a",null]}'),
    ['a'],
  ],
])('reads %s', (_, upload, warnings) => {
  expect(moverWarnings(upload)).toEqual(warnings);
});

it('bounds how many there are and how long they are', () => {
  const warnings = moverWarnings(
    uploadWith(
      JSON.stringify({
        outcome: 'completed',
        warnings: Array.from({ length: 100 }, () => 'x'.repeat(5000)),
      }),
    ),
  );
  expect(warnings).toHaveLength(20);
  expect(warnings[0]).toHaveLength(1000);
});
