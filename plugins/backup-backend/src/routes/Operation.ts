import type { operations } from '@lifeboat/backstage-plugin-backup-common';
import type { EntityPermission } from '../permissions/EntityPermission';
import type { EntityCall } from '../service/EntityCall';
import type { EntityGrant } from '../tenancy/EntityAccess';

/** Names of the API's operations, from its OpenAPI description. */
export type OperationId = keyof operations;

/** Operations on an entity: all but those about the installation. */
export type EntityOperationId = Exclude<OperationId, 'getStatus'>;

/** What the request of an operation holds; validated against the description before. */
export interface RequestOf<Id extends OperationId> {
  path: operations[Id]['parameters'] extends { path: infer Path }
    ? Path
    : Record<string, never>;
  query: NonNullable<operations[Id]['parameters']['query']>;
  body: operations[Id] extends {
    requestBody: { content: { 'application/json': infer Body } };
  }
    ? Body
    : undefined;
}

type JsonOf<Response> = Response extends {
  content: { 'application/json': infer Body };
}
  ? Body
  : undefined;

/** What an operation answers when it succeeds. */
export type AnswerOf<Id extends OperationId> = {
  [Status in keyof operations[Id]['responses']]: Status extends 200 | 201 | 202
    ? JsonOf<operations[Id]['responses'][Status]>
    : Status extends 204
    ? undefined
    : never;
}[keyof operations[Id]['responses']];

/** How an operation is audited. */
export interface AuditRule {
  eventId: string;
  actionType: string;
  /** Writes are medium, reads low, what destroys data high. */
  severity: 'low' | 'medium' | 'high';
}

interface Common {
  permission: EntityPermission;
  /** Absent where an event per poll would say nothing. */
  audit?: AuditRule;
}

/** An operation on an entity that runs somewhere. */
export interface EntityOperation<Id extends EntityOperationId> extends Common {
  handle(call: EntityCall, request: RequestOf<Id>): Promise<AnswerOf<Id>>;
}

/** An operation that also answers when it is unknown where the entity runs. */
export interface GrantOperation<Id extends EntityOperationId> extends Common {
  handleGrant(
    grant: EntityGrant,
    request: RequestOf<Id>,
    signal: AbortSignal,
  ): Promise<AnswerOf<Id>>;
}

/** One entry per operation of the description: a new one cannot be forgotten. */
export type EntityOperations = {
  [Id in EntityOperationId]: EntityOperation<Id> | GrantOperation<Id>;
};
