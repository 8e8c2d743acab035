import { hasCertainlyEnded, processIdentity } from './processIdentity';

describe('hasCertainlyEnded', () => {
  const self = processIdentity();
  const other = (pid: number, place = self.place) => `${place}.${pid}.0a1b2c3d`;

  it('knows that a process of this machine is gone, where that can be known', () => {
    expect(hasCertainlyEnded(other(4711), self, () => false)).toBe(
      process.platform === 'linux',
    );
  });

  it('never says so of a process that runs, of ourselves or of elsewhere', () => {
    expect(hasCertainlyEnded(other(4711), self, () => true)).toBe(false);
    expect(hasCertainlyEnded(self.text, self, () => false)).toBe(false);
    expect(
      hasCertainlyEnded(other(4711, 'another.0a1b2c3d'), self, () => false),
    ).toBe(false);
    expect(hasCertainlyEnded('velero', self, () => false)).toBe(false);
    expect(hasCertainlyEnded('', self, () => false)).toBe(false);
  });

  it('names each process differently', () => {
    expect(processIdentity().text).not.toBe(self.text);
    expect(self.text.startsWith(`${self.place}.${process.pid}.`)).toBe(true);
  });
});
