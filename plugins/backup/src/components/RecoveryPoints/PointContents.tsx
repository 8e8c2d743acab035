import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import {
  describeContents,
  volumesNotIncluded,
} from '../../format/describeContents';
import { isActive } from '../../hooks/activeRuns';
import { useTranslate } from '../../translations/useTranslate';
import { TwoLines } from '../ListFrame/ListFrame';
import { RunProgress } from '../ProgressBar/RunProgress';

/** What is in a recovery point, or how far it is. */
export function PointContents({ point }: { point: RecoveryPoint }) {
  const t = useTranslate();
  if (isActive(point) && point.state !== 'deleting') {
    return point.state === 'running' ? (
      <RunProgress progress={point.progress} />
    ) : null;
  }
  const missing = volumesNotIncluded(point);
  const contents = describeContents(
    { objects: point.objects, volumes: point.volumes?.included },
    t,
  );
  let note: string | undefined;
  if (missing > 0) {
    note = t('count.objectsOnly', { count: missing });
  } else if (point.warnings > 0) {
    note = t('count.warnings', { count: point.warnings });
  }
  return <TwoLines first={contents ?? '–'} second={note} />;
}
