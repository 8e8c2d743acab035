import { parseQuantity } from '../quantity';
import { FolderDriver } from '../driver/FolderDriver';
import { Claim, Volume, volumeFits, volumeMismatch } from './volumes';

const claim: Claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'n' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'standard',
  },
};
const volume = (spec: object, status: object = {}): Volume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v' },
  spec: {
    accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
    capacity: { storage: '2Gi' },
    storageClassName: 'standard',
    ...spec,
  },
  status,
});

describe('volumeFits', () => {
  it.each([
    ['a larger free volume', {}, {}, true],
    ['too small', { capacity: { storage: '512Mi' } }, {}, false],
    ['another class', { storageClassName: 'fast' }, {}, false],
    ['another mode', { volumeMode: 'Block' }, {}, false],
    ['not that access', { accessModes: ['ReadOnlyMany'] }, {}, false],
    ['in use', { claimRef: { name: 'x' } }, {}, false],
    ['released', {}, { phase: 'Released' }, false],
  ])('%s', (_case, spec, status, expected) => {
    expect(volumeFits(volume(spec, status), claim)).toBe(expected);
  });
});

describe('volumeMismatch', () => {
  it.each([
    [{}, undefined],
    [{ claimRef: { name: 'x' } }, undefined],
    [{ capacity: { storage: '512Mi' } }, 'requested PV is too small'],
    [{ storageClassName: 'fast' }, 'storageClassName does not match'],
    [{ volumeMode: 'Block' }, 'incompatible volumeMode'],
    [{ accessModes: ['ReadOnlyMany'] }, 'incompatible accessMode'],
  ])('%j: %s', (spec, expected) => {
    expect(volumeMismatch(volume(spec), claim)).toBe(expected);
  });
});

describe('parseQuantity', () => {
  it.each([
    ['1Gi', 2 ** 30],
    ['1.5G', 1.5e9],
    ['100m', 0.1],
    ['1e3', 1000],
    ['7', 7],
    ['seven', 0],
  ])('%s', (text, value) => {
    expect(parseQuantity(text)).toBeCloseTo(value);
  });
});

describe('FolderDriver', () => {
  const driver = new FolderDriver('/tmp/x', {
    text: () => undefined,
    number: () => undefined,
    on: () => false,
  });

  it.each(['../x', 'a/b', '', '.hidden'])('refuses the handle %j', handle => {
    expect(() => driver.pathOf(handle)).toThrow('is not a name');
  });
});
