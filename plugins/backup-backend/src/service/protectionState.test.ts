import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { type ProtectionFacts, protectionState } from './protectionState';

const point = (more: Partial<RecoveryPoint>): RecoveryPoint => ({
  name: 'p',
  cluster: 'demo',
  state: 'done',
  phase: 'Completed',
  createdAt: '2026-11-23T08:00:00Z',
  completedAt: '2026-11-23T08:01:00Z',
  warnings: 0,
  errors: 0,
  trigger: { type: 'manual' },
  restorable: true,
  ...more,
});

const facts = (more: Partial<ProtectionFacts>): ProtectionFacts => ({
  points: [point({})],
  engine: { state: 'running' },
  storage: [{ name: 'default', state: 'available' }],
  volumeCount: 0,
  ...more,
});

const failed = point({
  name: 'f',
  state: 'failed',
  phase: 'Failed',
  restorable: false,
  reason: 'storage was full',
});
const cancelled = point({
  name: 'c',
  state: 'cancelled',
  phase: 'Failed',
  restorable: false,
  reason: 'Canceled by user:default/ada',
});
const partial = point({
  name: 'half',
  state: 'needs-attention',
  phase: 'PartiallyFailed',
});

it.each<[string, Partial<ProtectionFacts>, string, RegExp]>([
  ['a complete point', {}, 'protected', /complete/],
  ['nothing', { points: [] }, 'unprotected', /no recovery point yet/],
  [
    'a first run',
    {
      points: [
        point({ state: 'running', completedAt: undefined, restorable: false }),
      ],
    },
    'unprotected',
    /being made/,
  ],
  [
    'only failures',
    { points: [failed] },
    'unprotected',
    /failed \(storage was full\)/,
  ],
  [
    'a failure after a good point',
    { points: [failed, point({})] },
    'at-risk',
    /last backup failed \(storage was full\)/,
  ],
  [
    'a cancelled run after a good point',
    { points: [cancelled, point({})] },
    'protected',
    /complete/,
  ],
  [
    'only a cancelled run',
    { points: [cancelled] },
    'unprotected',
    /no recovery point yet/,
  ],
  ['an incomplete point', { points: [partial] }, 'at-risk', /not complete/],
  [
    'a point without the data of a volume',
    {
      points: [
        {
          ...partial,
          reason: 'One object could not be handled: see its error',
          volumes: { count: 1, included: 0 },
        },
      ],
    },
    'at-risk',
    /not complete \(Objects only: the data of 1 volume is not included\)/,
  ],
  [
    'an incomplete point after a good one',
    { points: [partial, point({})] },
    'at-risk',
    /not complete/,
  ],
  [
    'a stopped engine',
    { engine: { state: 'stopped', message: 'It is gone.' } },
    'at-risk',
    /It is gone/,
  ],
  [
    'storage that cannot be used',
    { storage: [{ name: 'default', state: 'unavailable' }] },
    'at-risk',
    /"default" cannot be used/,
  ],
  [
    'a run that did not happen',
    { missedRun: '2026-11-23T02:00:00Z' },
    'at-risk',
    /did not happen/,
  ],
  [
    'a namespace that is gone',
    { absentNamespace: 'shop' },
    'at-risk',
    /"shop" does not exist; a recovery point can bring it back/,
  ],
  [
    'volumes without data',
    { points: [point({ volumes: { count: 3, included: 1 } })] },
    'at-risk',
    /the data of 2 volumes is not included/,
  ],
  [
    'volumes with their data',
    {
      points: [point({ volumes: { count: 2, included: 2 } })],
      volumeCount: 2,
    },
    'protected',
    /complete/,
  ],
  [
    'volumes of which the point says nothing',
    { volumeCount: 2 },
    'at-risk',
    /does not say whether the data of the 2 volumes is in it/,
  ],
])('%s', (_title, more, state, reason) => {
  const judged = protectionState(facts(more));
  expect(judged.state).toBe(state);
  expect(judged.reason).toMatch(reason);
});

it('names the newest complete point', () => {
  const { lastPoint } = protectionState(
    facts({ points: [failed, partial, point({ name: 'good' })] }),
  );
  expect(lastPoint?.name).toBe('good');
});

it('counts the volumes whose data is in the last point', () => {
  const volumes = { count: 3, included: 2 };
  const { lastPoint } = protectionState(
    facts({ points: [point({ volumes })] }),
  );
  expect(lastPoint?.volumes).toBe(2);
});
