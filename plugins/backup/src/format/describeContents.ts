import { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { Translate } from '../translations/useTranslate';

/** "47 objects, 2 volumes", with what is known; undefined when nothing is. */
export function describeContents(
  contents: { objects?: number; volumes?: number },
  t: Translate,
): string | undefined {
  const objects =
    contents.objects === undefined
      ? undefined
      : t('count.objects', { count: contents.objects });
  const volumes = contents.volumes
    ? t('count.volumes', { count: contents.volumes })
    : undefined;
  if (objects && volumes) {
    return t('count.objectsAndVolumes', { objects, volumes });
  }
  return objects ?? volumes;
}

/** How many volumes of a recovery point have no data in it. */
export function volumesNotIncluded(
  point: Pick<RecoveryPoint, 'volumes'>,
): number {
  return point.volumes
    ? Math.max(0, point.volumes.count - point.volumes.included)
    : 0;
}
