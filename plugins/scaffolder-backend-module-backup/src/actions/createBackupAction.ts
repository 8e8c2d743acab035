import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import { type BackupActionOptions, asUser } from './asUser';
import { examples } from './createBackupAction.examples';
import { entityOf } from './entityOf';
import { explained } from './explainError';
import { waitForRun } from './waitForRun';

const defaultTimeoutSeconds = 1800;
const intervalMs = 2000;

/**
 * Scaffolder action `backup:create`: backs an entity up in the name of the user
 * who started the task, and waits for the end.
 *
 * @public
 */
export function createBackupAction(options: BackupActionOptions) {
  return createTemplateAction({
    id: 'backup:create',
    description:
      'Backs up a component, with the rights of the user who runs the template',
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
        ttl: z =>
          z
            .string({
              description: 'How long the recovery point is kept, such as 720h',
            })
            .optional(),
        note: z =>
          z
            .string({ description: 'What to remember about it' })
            .max(500)
            .optional(),
        wait: z =>
          z
            .boolean({
              description: 'Wait until the backup has ended. Default: true',
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
                'Go on when the recovery point lacks something. Default: false',
            })
            .optional(),
      },
      output: {
        name: z => z.string({ description: 'Name of the recovery point' }),
        cluster: z => z.string({ description: 'Its cluster' }),
        state: z =>
          z.string({ description: 'done, needs-attention or waiting' }),
        objects: z =>
          z.number({ description: 'Objects in the recovery point' }).optional(),
        warnings: z => z.number({ description: 'Number of warnings' }),
      },
    },
    async handler(ctx) {
      const { api, auth } = options;
      const { input, logger, signal } = ctx;
      const entity = entityOf(input.entityRef, input.cluster);
      const credentials = await ctx.getInitiatorCredentials();
      const request = () => asUser(auth, credentials, signal);

      if (ctx.isDryRun) {
        const protection = await api
          .getProtection(entity, await request())
          .catch(error => {
            throw explained(`${input.entityRef} cannot be backed up`, error);
          });
        if (protection.problem && !protection.target) {
          throw new Error(
            `${input.entityRef} cannot be backed up: ${protection.problem.message}`,
          );
        }
        logger.info(
          `Dry run: would back up namespace ${protection.target?.namespace} on cluster ${protection.target?.cluster}`,
        );
        ctx.output('name', 'dry-run');
        ctx.output('cluster', protection.target?.cluster ?? '');
        ctx.output('state', 'done');
        ctx.output('warnings', 0);
        return;
      }

      const created = await ctx.checkpoint({
        key: 'backup.create.v1',
        fn: async () => {
          try {
            const { name, cluster } = await api.createRecoveryPoint(
              entity,
              {
                ...(input.ttl && { ttl: input.ttl }),
                ...(input.note && { note: input.note }),
              },
              await request(),
            );
            return { name, cluster };
          } catch (error) {
            throw explained(`${input.entityRef} was not backed up`, error);
          }
        },
      });
      logger.info(`Recovery point ${created.name} was asked for`);
      ctx.output('name', created.name);
      ctx.output('cluster', created.cluster);
      if (input.wait === false) {
        ctx.output('state', 'waiting');
        ctx.output('warnings', 0);
        return;
      }

      const point = await waitForRun({
        what: `Backup ${created.name}`,
        read: async () =>
          api.getRecoveryPoint(
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
        point.state === 'needs-attention' && input.allowIncomplete;
      if (point.state !== 'done' && !incomplete) {
        throw new Error(
          `Backup ${created.name} ended ${point.phase}${
            point.reason ? `: ${point.reason}` : ''
          }`,
        );
      }
      for (const note of point.notes) {
        logger.warn(note);
      }
      ctx.output('state', point.state);
      ctx.output('warnings', point.warnings);
      if (point.objects !== undefined) {
        ctx.output('objects', point.objects);
      }
    },
  });
}
