import {
  type Entity,
  RELATION_PART_OF,
  parseEntityRef,
} from '@backstage/catalog-model';
import { ownersOf } from './owners';

/** Entity refs of the systems that an entity says it is part of, in lower case. */
export function claimedSystems(entity: Entity): string[] {
  return (entity.relations ?? [])
    .filter(
      ({ type, targetRef }) =>
        type === RELATION_PART_OF &&
        parseEntityRef(targetRef).kind.toLocaleLowerCase('en-US') === 'system',
    )
    .map(({ targetRef }) => targetRef.toLocaleLowerCase('en-US'));
}

/**
 * The refs whose consent counts for an entity: itself, its owners of whom the
 * user is one, and its systems that share an owner with it. What a developer
 * merely writes into the entity (another team as owner, another team's system)
 * does not count, as it would borrow that team's consent.
 *
 * @param systems - the claimed systems as the user sees them in the catalog
 * @param identities - the user's ownership entity refs
 */
export function consentRefsOf(
  entityRef: string,
  entity: Entity,
  systems: { ref: string; entity: Entity }[],
  identities: string[],
): string[] {
  const mine = new Set(identities.map(ref => ref.toLocaleLowerCase('en-US')));
  const owners = ownersOf(entity).filter(owner => mine.has(owner));
  const trusted = systems
    .filter(system => ownersOf(system.entity).some(ref => owners.includes(ref)))
    .map(({ ref }) => ref);
  return [...new Set([entityRef, ...trusted, ...owners])];
}
