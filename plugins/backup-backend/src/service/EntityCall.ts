import type { EntityGrant } from '../tenancy/EntityAccess';
import type { Target } from '../tenancy/Target';

/** A request about an entity that runs somewhere, after all checks. */
export interface EntityCall {
  grant: EntityGrant;
  target: Target;
  /** Ends when the client goes away. */
  signal: AbortSignal;
}
