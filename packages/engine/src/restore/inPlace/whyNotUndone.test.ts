import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { InPlaceClaim, InPlaceState } from './InPlaceState';
import { whyNotUndone } from './whyNotUndone';

const claim: InPlaceClaim = {
  name: 'data',
  uid: 'u1',
  metadata: {},
  spec: {},
  staging: 'ip-1',
  download: 'dd-1',
  oldVolume: 'pv-old',
  oldPolicy: 'Delete',
  newVolume: 'pv-new',
};
const state: InPlaceState = {
  stage: 'done',
  namespace: 'shop',
  claims: [claim],
  workloads: [],
};
const live = {
  metadata: { name: 'data' },
  spec: { volumeName: 'pv-new' },
} as unknown as KubernetesObject;

function kept(change: { phase?: string; restore?: string } = {}) {
  return {
    metadata: {
      name: 'pv-old',
      labels: { 'lifeboat.dev/undo': 'true' },
      annotations: {
        'lifeboat.dev/undo-restore': change.restore ?? 'wrong',
        'lifeboat.dev/undo-claim': 'shop/data',
      },
    },
    status: { phase: change.phase ?? 'Released' },
  } as unknown as KubernetesObject;
}

function why(
  facts: { live?: KubernetesObject; oldVolume?: KubernetesObject },
  of: InPlaceState | undefined = state,
) {
  return whyNotUndone('wrong', of, [
    { claim, live: undefined, oldVolume: undefined, ...facts },
  ]);
}

describe('whyNotUndone', () => {
  it('has nothing against a claim with its new volume whose old one is kept', () => {
    expect(why({ live, oldVolume: kept() })).toEqual([]);
  });

  it('goes by what the restore has done', () => {
    expect(whyNotUndone('wrong', undefined, [])).toEqual([
      'it gave no claim another volume',
    ]);
    expect(whyNotUndone('wrong', { ...state, stage: 'undone' }, [])).toEqual([
      'its claims have their old volumes already',
    ]);
    expect(whyNotUndone('wrong', { ...state, stage: 'staging' }, [])).toEqual([
      'it has not given its claims their new volumes',
    ]);
  });

  it.each([
    ['a claim that is gone', { oldVolume: kept() }, /has been deleted/],
    [
      'a claim with a third volume',
      {
        live: { ...live, spec: { volumeName: 'pv-3' } },
        oldVolume: kept(),
      },
      /has got another volume since \(pv-3\)/,
    ],
    ['a volume that is gone', { live }, /volume pv-old, .* is gone/],
    [
      'a volume that another restore keeps',
      { live, oldVolume: kept({ restore: 'other' }) },
      /is not kept any more/,
    ],
    [
      'a volume that is in use',
      { live, oldVolume: kept({ phase: 'Bound' }) },
      /is in use/,
    ],
  ])('names %s', (_, facts, reason) => {
    expect(why(facts)).toEqual([expect.stringMatching(reason)]);
  });
});
