import { type Entity, RELATION_OWNED_BY } from '@backstage/catalog-model';

/** Entity refs of an entity's owners, as the catalog has resolved them, in lower case. */
export function ownersOf(entity: Entity): string[] {
  return (entity.relations ?? [])
    .filter(({ type }) => type === RELATION_OWNED_BY)
    .map(({ targetRef }) => targetRef.toLocaleLowerCase('en-US'));
}

/**
 * Whether one of the user's identities (the user and the groups they are in,
 * from their credentials) owns the entity.
 */
export function isOwner(
  entity: Entity,
  ownershipEntityRefs: string[],
): boolean {
  const mine = new Set(
    ownershipEntityRefs.map(ref => ref.toLocaleLowerCase('en-US')),
  );
  return ownersOf(entity).some(owner => mine.has(owner));
}
