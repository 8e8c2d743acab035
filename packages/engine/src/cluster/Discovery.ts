import type { ResourceType } from './ResourceType';

/**
 * The resource types a cluster serves, at one moment.
 * @public
 */
export interface Discovery {
  /** One entry per group and resource: the version the server prefers. */
  preferred: ResourceType[];
  /** Every served version. */
  all: ResourceType[];
  /** API groups that could not be read, one human sentence each. */
  warnings: string[];
  /**
   * Finds the preferred type by plural, singular or short name or kind
   * (case-insensitive), with or without its group: `pods`, `deploy`, `deployments.apps`.
   */
  find(nameOrGroupResource: string): ResourceType | undefined;
  /** Finds the type of an object by its `apiVersion` and `kind`. */
  forKind(apiVersion: string, kind: string): ResourceType | undefined;
  serverVersion: { gitVersion: string; major: string; minor: string };
}
