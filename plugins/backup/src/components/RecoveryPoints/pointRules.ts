import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { RefinementRules } from '../../hooks/refineList';

/** How recovery points are searched, filtered and sorted. */
export const pointRules: RefinementRules<RecoveryPoint> = {
  text: point =>
    [
      point.name,
      point.reason,
      point.note,
      point.requestedBy,
      point.trigger.schedule,
      point.phase,
    ]
      .filter(Boolean)
      .join(' '),
  state: point => point.state,
  columns: {
    created: point => Date.parse(point.createdAt),
    state: point => point.state,
    contents: point => point.objects,
    expires: point =>
      point.expiresAt === undefined ? undefined : Date.parse(point.expiresAt),
  },
};
