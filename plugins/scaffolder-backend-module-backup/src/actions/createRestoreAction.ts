import { InputError } from '@backstage/errors';
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import type {
  BackupApi,
  BackupRequestOptions,
  EntityOnCluster,
} from '@lifeboat/backstage-plugin-backup-common';
import { type BackupActionOptions, asUser } from './asUser';
import { examples } from './createRestoreAction.examples';
import { entityOf } from './entityOf';
import { explained } from './explainError';
import { waitForRun } from './waitForRun';

const defaultTimeoutSeconds = 1800;
const intervalMs = 2000;

/**
 * Scaffolder action `backup:restore`: restores an entity as a copy or in place,
 * in the name of the user who started the task, and waits for the end.
 *
 * @public
 */
export function createRestoreAction(options: BackupActionOptions) {
  return createTemplateAction({
    id: 'backup:restore',
    description:
      'Restores a component from a recovery point, with the rights of the user who runs the template',
    examples,
    supportsDryRun: true,
    schema: {
      input: {
        entityRef: z =>
          z.string({
            description: 'The entity, such as component:default/orders',
          }),
        cluster: z =>
          z
            .string({
              description: 'Which cluster, where the entity does not say it',
            })
            .optional(),
        backup: z =>
          z
            .string({
              description:
                'Name of the recovery point. Default: the newest that can be restored',
            })
            .optional(),
        targetNamespace: z =>
          z
            .string({
              description:
                'Namespace of the copy. Default: a free name that is suggested',
            })
            .optional(),
        inPlace: z =>
          z
            .boolean({
              description:
                'Restore into the namespace of the component itself. Default: false',
            })
            .optional(),
        existingResourcePolicy: z =>
          z
            .enum(['none', 'update'], {
              description:
                'Leave objects that exist alone, or update them. Default: none',
            })
            .optional(),
        timeoutSeconds: z =>
          z
            .number({
              description: 'How long to wait at most. Default: 1800',
            })
            .int()
            .min(1)
            .max(86400)
            .optional(),
        allowIncomplete: z =>
          z
            .boolean({
              description:
                'Go on when some objects could not be restored. Default: false',
            })
            .optional(),
      },
      output: {
        name: z => z.string({ description: 'Name of the restore' }),
        backup: z => z.string({ description: 'Name of the recovery point' }),
        cluster: z => z.string({ description: 'The cluster' }),
        targetNamespace: z => z.string({ description: 'Where it went' }),
        state: z => z.string({ description: 'done or needs-attention' }),
        warnings: z => z.number({ description: 'Number of warnings' }),
        targetUrl: z =>
          z.string({ description: 'Where the copy can be opened' }).optional(),
      },
    },
    async handler(ctx) {
      const { api, auth } = options;
      const { input, logger, signal } = ctx;
      if (input.inPlace && input.targetNamespace) {
        throw new InputError('Give either inPlace or targetNamespace');
      }
      const entity = entityOf(input.entityRef, input.cluster);
      const credentials = await ctx.getInitiatorCredentials();
      const request = () => asUser(auth, credentials, signal);
      const fail = (error: unknown): never => {
        throw explained(`${input.entityRef} was not restored`, error);
      };

      if (ctx.isDryRun) {
        const backup =
          input.backup ??
          (await newestPoint(api, entity, await request()).catch(fail));
        const preview = await api
          .previewRestore(
            entity,
            backup,
            {
              ...(input.inPlace
                ? { inPlace: true }
                : input.targetNamespace && {
                    targetNamespace: input.targetNamespace,
                  }),
            },
            await request(),
          )
          .catch(fail);
        if (!preview.allowed) {
          throw new Error(
            `${input.entityRef} would not be restored: ${preview.problems
              .map(({ message }) => message)
              .join(' ')}`,
          );
        }
        const { create, update, exists, skipped } = preview.totals;
        logger.info(
          `Dry run: would restore ${backup} into ${preview.targetNamespace}: ${create} objects to create, ${update} to change, ${exists} exist, ${skipped} skipped`,
        );
        ctx.output('name', 'dry-run');
        ctx.output('backup', backup);
        ctx.output('cluster', entity.cluster ?? '');
        ctx.output('targetNamespace', preview.targetNamespace);
        ctx.output('state', 'done');
        ctx.output('warnings', 0);
        return;
      }

      const created = await ctx.checkpoint({
        key: 'backup.restore.v1',
        fn: async () => {
          try {
            const backup =
              input.backup ?? (await newestPoint(api, entity, await request()));
            const target = input.inPlace
              ? { inPlace: true }
              : {
                  targetNamespace:
                    input.targetNamespace ??
                    (await freeNamespace(api, entity, backup, await request())),
                };
            const run = await api.createRestore(
              entity,
              {
                backup,
                ...target,
                ...(input.existingResourcePolicy && {
                  existingResourcePolicy: input.existingResourcePolicy,
                }),
              },
              await request(),
            );
            return {
              name: run.name,
              backup,
              cluster: run.cluster,
              targetNamespace: run.targetNamespace,
            };
          } catch (error) {
            return fail(error);
          }
        },
      });
      logger.info(
        `Restore ${created.name} of ${created.backup} into ${created.targetNamespace} was asked for`,
      );
      ctx.output('name', created.name);
      ctx.output('backup', created.backup);
      ctx.output('cluster', created.cluster);
      ctx.output('targetNamespace', created.targetNamespace);

      const run = await waitForRun({
        what: `Restore ${created.name}`,
        read: async () =>
          api.getRestore(
            { ...entity, cluster: created.cluster },
            created.name,
            await request(),
          ),
        timeoutMs: (input.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
        intervalMs,
        signal,
        log: message => logger.info(message),
      });
      const incomplete =
        run.state === 'needs-attention' && input.allowIncomplete;
      if (run.state !== 'done' && !incomplete) {
        throw new Error(
          `Restore ${created.name} ended ${run.phase}${
            run.reason ? `: ${run.reason}` : ''
          }`,
        );
      }
      for (const note of run.notes) {
        logger.warn(note);
      }
      ctx.output('state', run.state);
      ctx.output('warnings', run.warnings);
      if (run.targetUrl) {
        ctx.output('targetUrl', run.targetUrl);
      }
    },
  });
}

/** A free name for the copy, as the backend suggests it. */
async function freeNamespace(
  api: BackupApi,
  entity: EntityOnCluster,
  backup: string,
  options: BackupRequestOptions,
): Promise<string> {
  const { suggestedNamespace, problems } = await api.previewRestore(
    entity,
    backup,
    {},
    options,
  );
  if (!suggestedNamespace) {
    throw new InputError(
      `There is no free namespace for a copy: give targetNamespace. ${problems
        .map(({ message }) => message)
        .join(' ')}`.trim(),
    );
  }
  return suggestedNamespace;
}

/** Name of the newest recovery point that can be restored. */
async function newestPoint(
  api: BackupApi,
  entity: EntityOnCluster,
  options: BackupRequestOptions,
): Promise<string> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await api.listRecoveryPoints(entity, {
      ...options,
      cursor,
    });
    const point = items.find(({ restorable }) => restorable);
    if (point) {
      return point.name;
    }
    cursor = nextCursor;
  } while (cursor);
  throw new InputError(
    `There is no recovery point of ${entity.kind}:${entity.namespace}/${entity.name} to restore`,
  );
}
