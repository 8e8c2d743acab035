import type { PodVolume } from '../movers/Pod';
import { claimNameOf, volumeFolder } from './hostPath';
import type { Claim, Volume } from './storageObjects';

const claimed = (spec: Volume['spec']): { claim: Claim; volume: Volume } => ({
  claim: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: {},
  },
  volume: {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv-1' },
    spec,
  },
});

const claimVolume = {
  name: 'data',
  persistentVolumeClaim: { claimName: 'data' },
};

describe('volumeFolder', () => {
  it.each<[Volume['spec'], string]>([
    [
      { csi: { driver: 'd', volumeHandle: 'h' } },
      'volumes/kubernetes.io~csi/pv-1/mount',
    ],
    [{ awsElasticBlockStore: {} }, 'volumes/kubernetes.io~csi/pv-1/mount'],
    [{ nfs: {} }, 'volumes/kubernetes.io~nfs/pv-1'],
    [{ local: {} }, 'volumes/kubernetes.io~local-volume/pv-1'],
  ])('of a claim on %j', (spec, folder) => {
    expect(volumeFolder(claimVolume, claimed(spec))).toBe(folder);
  });

  it.each<[Partial<PodVolume>, string]>([
    [{ emptyDir: {} }, 'volumes/kubernetes.io~empty-dir/data'],
    [{ csi: {} }, 'volumes/kubernetes.io~csi/data/mount'],
    [{ nfs: {} }, 'volumes/kubernetes.io~nfs/data'],
  ])('of an inline volume %j', (source, folder) => {
    expect(volumeFolder({ name: 'data', ...source }, undefined)).toBe(folder);
  });

  it.each<[Partial<PodVolume>, RegExp]>([
    [{ hostPath: {} }, /it is a folder of the node/],
    [{ secret: {} }, /an object of its own/],
    [{ gitRepo: {} }, /volumes of type gitRepo are not supported/],
  ])('refuses %j', (source, reason) => {
    expect(() => volumeFolder({ name: 'data', ...source }, undefined)).toThrow(
      reason,
    );
  });

  it.each<[Volume['spec'], RegExp]>([
    [
      { csi: { driver: 'd', volumeHandle: 'h' }, volumeMode: 'Block' },
      /block device/,
    ],
    [{ hostPath: { path: '/etc' } }, /folder of the node/],
  ])('refuses a claim on %j', (spec, reason) => {
    expect(() => volumeFolder(claimVolume, claimed(spec))).toThrow(reason);
  });

  it('knows the claim of a generic ephemeral volume', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-0' },
      spec: {},
    };
    expect(claimNameOf(pod, { name: 'tmp', ephemeral: {} })).toBe('web-0-tmp');
    expect(claimNameOf(pod, claimVolume)).toBe('data');
    expect(claimNameOf(pod, { name: 'x', emptyDir: {} })).toBeUndefined();
  });
});
