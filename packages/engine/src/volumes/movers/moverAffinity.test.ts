import type { Volume } from '../expose/storageObjects';
import { moverNodes } from './moverAffinity';

const volume = (...zones: string[]): Volume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: {},
  spec: {
    nodeAffinity: {
      required: {
        nodeSelectorTerms: zones.map(zone => ({
          matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }],
        })),
      },
    },
  },
});

const fast = { nodeSelector: { matchLabels: { disk: 'fast' } } };
const quiet = {
  nodeSelector: {
    matchExpressions: [{ key: 'busy', operator: 'DoesNotExist' as const }],
  },
  storageClass: 'gold',
};

describe('moverNodes', () => {
  it('is any node when nothing says otherwise', () => {
    expect(moverNodes(undefined, 'gold', undefined)).toEqual([]);
    expect(moverNodes([quiet], 'silver', undefined)).toEqual([]);
  });

  it('follows the entry of the storage class, else the first for all', () => {
    expect(moverNodes([fast, quiet], 'gold', undefined)).toEqual([
      { matchExpressions: [{ key: 'busy', operator: 'DoesNotExist' }] },
    ]);
    expect(moverNodes([fast, quiet], 'silver', undefined)).toEqual([
      { matchExpressions: [{ key: 'disk', operator: 'In', values: ['fast'] }] },
    ]);
  });

  it('stays where the volume can be reached', () => {
    expect(moverNodes([fast], 'gold', volume('a', 'b'))).toEqual(
      ['a', 'b'].map(zone => ({
        matchExpressions: [
          { key: 'zone', operator: 'In', values: [zone] },
          { key: 'disk', operator: 'In', values: ['fast'] },
        ],
      })),
    );
  });
});
