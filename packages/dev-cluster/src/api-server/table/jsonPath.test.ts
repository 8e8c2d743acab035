import { findAll, parseJsonPath } from './jsonPath';

const object = {
  metadata: { labels: { 'a.b/c': 'x' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

describe('parseJsonPath', () => {
  it.each([
    ['.metadata.labels', [{ 'a.b/c': 'x' }]],
    ['.metadata.labels.a\\.b/c', ['x']],
    [".metadata.labels['a.b/c']", ['x']],
    ['.status.conditions[0].type', ['Ready']],
    ['.status.conditions[*].status', ['True', 'False']],
    ['.status.conditions[?(@.type=="Other")].status', ['False']],
    ['.status.none', []],
    ['.status.conditions.type', []],
  ])('%s', (path, expected) => {
    expect(findAll(object, parseJsonPath(path) ?? [])).toEqual(expected);
  });

  it('refuses other forms', () => {
    expect(parseJsonPath('..type')).toBeUndefined();
    expect(parseJsonPath('$.x')).toBeUndefined();
  });
});
