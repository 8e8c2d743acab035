import { realPathOf } from './containerPaths';

describe('realPathOf', () => {
  const mounted = [
    { inside: '/data', real: '/real/claim' },
    { inside: '/data/conf', real: '/real/conf' },
    { inside: '/cache/', real: '/real/cache' },
    { inside: '/dev/termination-log', real: '/real/termination' },
  ];

  it.each([
    ['/data', '/real/claim'],
    ['/data/', '/real/claim/'],
    ['/data/a/b', '/real/claim/a/b'],
    ['/data/conf/x', '/real/conf/x'],
    ['/cache', '/real/cache'],
    ['/cache/x', '/real/cache/x'],
    ['/dev/termination-log', '/real/termination'],
    ['--volume-path=/data/x', '--volume-path=/real/claim/x'],
    ['/database', '/database'],
    ['data', 'data'],
    ['say /data', 'say /data'],
    ['--name=data', '--name=data'],
  ])('%s', (word, expected) => {
    expect(realPathOf(word, mounted)).toBe(expected);
  });
});
