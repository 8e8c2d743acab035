import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { humanName } from '../../format/humanName';
import { Translate } from '../../translations/useTranslate';

/**
 * Who or what made a recovery point: "ada", "schedule nightly".
 *
 * @param form - `phrase` where no label stands before it: "by ada"
 */
export function startedBy(
  point: Pick<RecoveryPoint, 'trigger' | 'requestedBy'>,
  t: Translate,
  form: 'name' | 'phrase' = 'name',
): string {
  const { trigger, requestedBy } = point;
  if (trigger.type === 'schedule') {
    return t('points.schedule', { name: trigger.schedule ?? '' });
  }
  if (requestedBy) {
    const who = humanName(requestedBy);
    return form === 'phrase' ? t('points.by', { who }) : who;
  }
  return trigger.type === 'api' ? t('points.api') : t('points.manual');
}
