import { KubeObject } from './KubeObject';
import { ResourceRegistry } from './resources/ResourceRegistry';
import { ObjectStorage } from './storage/ObjectStorage';

/** Who asks. */
export interface User {
  name: string;
  uid?: string;
  groups: string[];
  extra?: { [key: string]: string[] };
}

/** What the verbs work on. */
export interface ApiContext {
  storage: ObjectStorage;
  registry: ResourceRegistry;
  clock: () => Date;
  newUid: () => string;
  /** Refuses rights that the user does not hold (RBAC escalation); throws 403. */
  checkEscalation: (user: User, object: KubeObject, collection: string) => void;
  /** Called after a definition was stored or removed. */
  onDefinitionChange: () => void;
}

/** RFC 3339 with whole seconds, as Kubernetes writes times. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
