import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { humanName } from '../../format/humanName';
import { Translate } from '../../translations/useTranslate';

/** Who or what made a recovery point: "by ada", "schedule nightly". */
export function startedBy(
  point: Pick<RecoveryPoint, 'trigger' | 'requestedBy'>,
  t: Translate,
): string {
  const { trigger, requestedBy } = point;
  if (trigger.type === 'schedule') {
    return t('points.schedule', { name: trigger.schedule ?? '' });
  }
  if (requestedBy) {
    return t('points.by', { who: humanName(requestedBy) });
  }
  return trigger.type === 'api' ? t('points.api') : t('points.manual');
}
