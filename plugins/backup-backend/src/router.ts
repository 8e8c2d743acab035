import type {
  AuditorService,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import { createValidatedOpenApiRouterFromGeneratedEndpointMap } from '@backstage/backend-openapi-utils';
import {
  backupAdminReadPermission,
  openApiDocument,
} from '@lifeboat/backstage-plugin-backup-common';
import type { Request, RequestHandler, Response, Router } from 'express';
import type { EntityPermissions } from './permissions/EntityPermissions';
import { audited } from './routes/audited';
import type {
  EntityOperation,
  EntityOperationId,
  EntityOperations,
  GrantOperation,
  RequestOf,
} from './routes/Operation';
import { requestSignal } from './routes/requestSignal';
import { sendAnswer } from './routes/sendAnswer';
import type { InstallationStatus } from './service/InstallationStatus';
import type { EntityAccess, EntityPath } from './tenancy/EntityAccess';
import type { TargetResolver } from './tenancy/TargetResolver';

/** What the router needs. */
export interface RouterOptions {
  httpAuth: HttpAuthService;
  auditor: AuditorService;
  permissions: EntityPermissions;
  access: EntityAccess;
  targets: TargetResolver;
  operations: EntityOperations;
  status: InstallationStatus;
}

type Method = 'get' | 'post' | 'patch' | 'delete';

interface Route {
  method: Method;
  /** As express writes it. */
  path: string;
  operationId: string;
  /** Status of a success. */
  status: number;
}

/** The routes of the OpenAPI description. */
export function routesOf(document: typeof openApiDocument): Route[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method as Method,
      path: path.replace(/\{(\w+)\}/g, ':$1'),
      operationId: operation.operationId,
      status: Number(
        Object.keys(operation.responses).find(code => /^2/.test(code)),
      ),
    })),
  );
}

/**
 * The REST API: requests are validated against the description, and every route
 * needs a user. What an operation may do is decided before it runs: ownership,
 * permission, target and consent.
 */
export async function createRouter(options: RouterOptions): Promise<Router> {
  const router = createValidatedOpenApiRouterFromGeneratedEndpointMap(
    openApiDocument as unknown as Parameters<
      typeof createValidatedOpenApiRouterFromGeneratedEndpointMap
    >[0],
    // Who asks is decided by httpAuth on each route.
    { validatorOptions: { validateSecurity: false } },
  ) as unknown as Router;
  for (const route of routesOf(openApiDocument)) {
    const handler =
      route.operationId === 'getStatus'
        ? statusHandler(options, route)
        : entityHandler(options, route);
    router[route.method](route.path, handler);
  }
  return router;
}

function statusHandler(options: RouterOptions, route: Route): RequestHandler {
  return async (request, response) => {
    const credentials = await options.httpAuth.credentials(request, {
      allow: ['user', 'service'],
    });
    await options.permissions.requireBasic(
      backupAdminReadPermission,
      credentials,
    );
    sendAnswer(request, response, route.status, await options.status.get());
  };
}

function entityHandler(options: RouterOptions, route: Route): RequestHandler {
  const operation = options.operations[
    route.operationId as EntityOperationId
  ] as EntityOperation<EntityOperationId> | GrantOperation<EntityOperationId>;
  return async (request: Request, response: Response) => {
    const credentials = await options.httpAuth.credentials(request, {
      allow: ['user'],
    });
    const signal = requestSignal(response);
    const input = {
      path: request.params,
      query: request.query,
      body: request.body,
    } as unknown as RequestOf<EntityOperationId>;
    const { backup, restore, schedule, ...entity } = request.params;
    const answer = await audited(
      options.auditor,
      operation.audit,
      request,
      {
        entityRef: `${entity.kind}:${entity.namespace}/${entity.name}`,
        backup,
        restore,
        schedule,
      },
      async () => {
        const grant = await options.access.grant(
          entity as unknown as EntityPath,
          operation.permission,
          credentials,
        );
        if ('handleGrant' in operation) {
          return operation.handleGrant(grant, input, signal);
        }
        const target = await options.targets.resolve(
          grant.entity,
          grant,
          (input.query as { cluster?: string }).cluster,
        );
        return operation.handle({ grant, target, signal }, input);
      },
    );
    sendAnswer(request, response, route.status, answer);
  };
}
