import type { Lease } from '@lifeboat/engine';
import { engineHealth } from './engineHealth';

const now = new Date('2026-11-23T08:00:00Z');
const lease = (secondsAgo: number, state?: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    name: 'lifeboat-engine',
    ...(state && { annotations: { 'lifeboat.dev/engine-state': state } }),
  },
  spec: {
    holderIdentity: 'engine-1',
    leaseDurationSeconds: 15,
    renewTime: new Date(now.getTime() - secondsAgo * 1000).toISOString(),
  },
});
const health = (of: Lease | undefined) =>
  engineHealth(of, { mode: 'builtin', now });

it('is running while the lease is renewed', () => {
  expect(health(lease(3)).state).toBe('running');
  expect(health(lease(19)).state).toBe('running');
});

it('is stopped when the lease has run out, was given back or never was', () => {
  expect(health(lease(21))).toEqual({
    state: 'stopped',
    message: expect.stringContaining('2026-11-23T07:59:39'),
  });
  const released = lease(3);
  released.spec!.holderIdentity = '';
  expect(health(released).state).toBe('stopped');
  expect(health(undefined).message).toContain('never run');
});

it('is paused with the reason that the engine gives', () => {
  const state = JSON.stringify({
    state: 'paused',
    reason: 'Velero runs in this namespace',
  });
  expect(health(lease(3, state))).toEqual({
    state: 'paused',
    message: 'Velero runs in this namespace',
  });
  expect(health(lease(60, state)).state).toBe('stopped');
});

it.each(['', 'not json', '7', 'null'])(
  'takes the state %j for running',
  state => {
    expect(health(lease(3, state)).state).toBe('running');
  },
);

it('passes on what administrators should see to', () => {
  const state = JSON.stringify({
    state: 'running',
    warnings: [
      { reason: 'KeysNotExported', message: 'Export the keys' },
      { reason: 'odd' },
      null,
    ],
  });
  expect(health(lease(3, state))).toEqual({
    state: 'running',
    warnings: ['Export the keys'],
  });
});

it('does not judge an installed Velero', () => {
  expect(engineHealth(undefined, { mode: 'velero', now }).state).toBe(
    'unknown',
  );
});
