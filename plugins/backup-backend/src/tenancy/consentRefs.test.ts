import { component, system } from '../__testUtils__/catalog';
import { claimedSystems, consentRefsOf } from './consentRefs';

const entity = component('orders', 'team-orders', {}, 'shop');
const ref = 'component:default/orders';
const mine = ['user:default/guest', 'group:default/team-orders'];

it('counts the entity, the owner who asks and a system of that owner', () => {
  const systems = claimedSystems(entity).map(name => ({
    ref: name,
    entity: system('shop', 'team-orders'),
  }));
  expect(consentRefsOf(ref, entity, systems, mine)).toEqual([
    ref,
    'system:default/shop',
    'group:default/team-orders',
  ]);
});

it('does not count a system of another team', () => {
  const systems = [
    { ref: 'system:default/shop', entity: system('shop', 'team-payments') },
  ];
  expect(consentRefsOf(ref, entity, systems, mine)).toEqual([
    ref,
    'group:default/team-orders',
  ]);
});

it('does not count an owner who is not the user', () => {
  expect(consentRefsOf(ref, entity, [], ['user:default/other'])).toEqual([ref]);
});
