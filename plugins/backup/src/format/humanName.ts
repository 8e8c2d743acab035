/** The name in an entity ref (`user:default/ada` → `ada`); any other text as it is. */
export function humanName(entityRef: string): string {
  const match = /^[^:/]+:[^/]+\/(.+)$/.exec(entityRef);
  return match ? match[1] : entityRef;
}
