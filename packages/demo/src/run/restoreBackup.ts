import { RestoreRunDetail } from '@lifeboat/backstage-plugin-backup-common';
import {
  named,
  orders,
  plural,
  PortalSession,
  untilCompleted,
} from './PortalSession';

export interface RestoreOutcome {
  restore: RestoreRunDetail;
  targetNamespace: string;
  seconds: number;
}

/**
 * Restores a backup through the portal, after a look at the preview.
 *
 * @param where - `inPlace` for the namespace it came from; otherwise a new one, as the portal suggests
 * @throws unless it is Completed
 */
export async function restoreBackup(
  session: PortalSession,
  backupName: string,
  where: { inPlace?: true } = {},
): Promise<RestoreOutcome> {
  const { api, request, progress } = session;
  const preview = await named('The preview was refused', () =>
    api.previewRestore(orders, backupName, where, request),
  );
  const target = preview.targetNamespace || preview.suggestedNamespace;
  if (!preview.allowed) {
    throw new Error(
      `the restore into ${target} is not allowed: ${preview.problems
        .map(each => each.message)
        .join('; ')}`,
    );
  }
  progress.done(
    `Preview: namespace ${target} (${preview.namespaceState}), ${plural(
      preview.totals.create,
      'object',
    )} to create, ${preview.totals.skipped} left out`,
  );
  if (!where.inPlace) session.onTarget?.(target);
  const began = Date.now();
  const run = await named('The restore was refused', () =>
    api.createRestore(
      orders,
      where.inPlace
        ? { backup: backupName, inPlace: true }
        : { backup: backupName, targetNamespace: target },
      request,
    ),
  );
  const restore = await untilCompleted(session, 'restore', run.name, () =>
    api.getRestore(orders, run.name, request),
  );
  const seconds = (Date.now() - began) / 1000;
  progress.done(
    `Restore ${restore.name} ${restore.phase} in ${seconds.toFixed(
      1,
    )} s into namespace ${target}`,
  );
  return { restore, targetNamespace: target, seconds };
}
