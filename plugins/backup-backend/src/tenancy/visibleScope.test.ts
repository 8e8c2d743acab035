import type { BackupScope } from '@lifeboat/velero-api';
import type { Target } from './Target';
import { coveredBy, visibleScope } from './visibleScope';

const scope: BackupScope = {
  entityRef: 'component:default/orders',
  cluster: 'demo',
  namespace: 'shop',
  namespaceUid: 'uid-1',
  selector: 'app=orders',
  consent: { source: 'namespace', entities: ['component:default/orders'] },
};
const viewer = {
  entityRef: 'component:default/orders',
  consentRefs: ['component:default/orders', 'group:default/team-orders'],
};
const target = {
  cluster: { name: 'demo' },
  namespace: 'shop',
  namespaceUid: 'uid-1',
  consent: scope.consent,
} as Target;

const recorded = (value: unknown) => ({
  metadata: { annotations: { 'lifeboat.dev/scope': JSON.stringify(value) } },
});
const sees = (value: unknown, to: Partial<Target> = {}) =>
  visibleScope(recorded(value), viewer, { ...target, ...to }) !== undefined;

it('sees its own', () => {
  expect(sees(scope)).toBe(true);
});

it.each([
  ['another entity', { ...scope, entityRef: 'component:default/payments' }],
  ['another namespace', { ...scope, namespace: 'payments' }],
  ['another cluster', { ...scope, cluster: 'prod' }],
  ['half a scope', { entityRef: scope.entityRef }],
  ['no scope', undefined],
])('does not see %s', (_title, value) => {
  expect(sees(value)).toBe(false);
});

it('sees points of an earlier or deleted namespace only if its consent was for the entity', () => {
  const others = {
    ...scope,
    consent: { ...scope.consent, entities: ['group:default/team-payments'] },
  };
  expect(sees(scope, { namespaceUid: 'uid-2' })).toBe(true);
  expect(sees(scope, { namespaceUid: undefined })).toBe(true);
  expect(sees(others, { namespaceUid: 'uid-2' })).toBe(false);
  expect(sees(others, { namespaceUid: undefined })).toBe(false);
});

it("does not see more than today's consent covers", () => {
  expect(sees(scope, { consentSelector: 'app=orders' })).toBe(true);
  expect(sees(scope, { consentSelector: 'app=orders,tier=web' })).toBe(false);
  expect(
    sees({ ...scope, selector: undefined }, { consentSelector: 'app=orders' }),
  ).toBe(false);
});

it.each([
  [undefined, undefined, true],
  ['a=b', undefined, true],
  [undefined, 'a=b', false],
  ['a=b,c=d', 'a==b', true],
  ['a in (x,y),c=d', 'a in (y, x)', true],
  ['a in (x,y)', 'a in (x)', false],
])('%s within %s: %s', (inner, limit, covered) => {
  expect(coveredBy(inner, limit)).toBe(covered);
});
