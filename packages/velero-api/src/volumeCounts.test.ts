import { readVolumeCounts, writeVolumeCounts } from './volumeCounts';

const read = (text: string) =>
  readVolumeCounts({
    metadata: { annotations: { 'lifeboat.dev/volumes': text } },
  });

it('reads what it has written', () => {
  const counts = { count: 2, included: 1 };
  expect(
    readVolumeCounts({ metadata: { annotations: writeVolumeCounts(counts) } }),
  ).toEqual(counts);
});

it.each([
  'null',
  'nonsense',
  '{"count":1}',
  '{"count":"1","included":0}',
  '{"count":-1,"included":-1}',
  '{"count":1.5,"included":0}',
  '{"count":1,"included":2}',
])('knows nothing from %s', text => {
  expect(read(text)).toBeUndefined();
});

it('knows nothing of a Backup without the annotation', () => {
  expect(readVolumeCounts({})).toBeUndefined();
});
