import { filterLog, logLevels, logText } from './filterLog';

const lines = [
  { time: '08:00', level: 'info', message: 'Collecting items' },
  { level: 'error', message: 'It broke' },
  { level: 'warning', message: 'Careful with ITEMS' },
  { message: 'no level' },
];

describe('filterLog', () => {
  it('finds text in any case', () => {
    expect(filterLog(lines, { text: ' items ' })).toEqual([lines[0], lines[2]]);
  });

  it('filters by level', () => {
    expect(filterLog(lines, { text: '', level: 'error' })).toEqual([lines[1]]);
  });
});

describe('logLevels', () => {
  it('lists the levels that occur, worst first', () => {
    expect(logLevels(lines)).toEqual(['error', 'warning', 'info']);
  });
});

describe('logText', () => {
  it('writes one line per line', () => {
    expect(logText(lines.slice(0, 2))).toBe(
      '08:00 info Collecting items\nerror It broke',
    );
  });
});
