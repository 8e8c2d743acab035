import { stagedClaims } from './stagedClaims';

const restore = (state?: string) => ({
  apiVersion: 'velero.io/v1' as const,
  kind: 'Restore' as const,
  metadata: {
    ...(state && {
      annotations: { 'lifeboat.dev/in-place-state': state },
    }),
  },
  spec: {},
});

it('finds the claim that a download is for', () => {
  const state = {
    stage: 'staging',
    namespace: 'shop',
    claims: [{ name: 'pgdata', download: 'back-1', staging: 'ip-1' }],
    workloads: [],
  };
  expect([...stagedClaims(restore(JSON.stringify(state)))]).toEqual([
    ['back-1', { pvc: 'pgdata', namespace: 'shop' }],
  ]);
});

it.each([
  undefined,
  '{',
  'null',
  '7',
  '{"namespace":"shop","claims":{}}',
  '{"namespace":"shop","claims":[null,{"name":7}]}',
])('makes nothing of %s', state => {
  expect(stagedClaims(restore(state)).size).toBe(0);
});
