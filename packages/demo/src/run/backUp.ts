import { RecoveryPointDetail } from '@lifeboat/backstage-plugin-backup-common';
import {
  named,
  orders,
  plural,
  PortalSession,
  untilCompleted,
} from './PortalSession';

/** Backs the component up through the portal. @throws unless it is Completed. */
export async function backUp(
  session: PortalSession,
): Promise<{ backup: RecoveryPointDetail; seconds: number }> {
  const { api, request, progress } = session;
  const began = Date.now();
  const point = await named('The backup was refused', () =>
    api.createRecoveryPoint(
      orders,
      { note: "The demo's run-through" },
      request,
    ),
  );
  const backup = await untilCompleted(session, 'backup', point.name, () =>
    api.getRecoveryPoint(orders, point.name, request),
  );
  const seconds = (Date.now() - began) / 1000;
  const included = backup.volumesList.filter(each => each.included).length;
  progress.done(
    `Backup ${backup.name} ${backup.phase} in ${seconds.toFixed(1)} s: ${plural(
      backup.objects ?? 0,
      'object',
    )}, the data of ${plural(included, 'volume')}, ${plural(
      backup.warnings,
      'warning',
    )}`,
  );
  for (const note of backup.notes) progress.line(`            ${note}`);
  return { backup, seconds };
}
