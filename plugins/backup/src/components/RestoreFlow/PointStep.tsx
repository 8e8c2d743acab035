import { useMemo, useState } from 'react';
import { Radio, RadioGroup, SearchField } from '@backstage/ui';
import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { describeContents } from '../../format/describeContents';
import { refineList } from '../../hooks/refineList';
import { useTranslate } from '../../translations/useTranslate';
import { pointRules } from '../RecoveryPoints/pointRules';
import { startedBy } from '../RecoveryPoints/startedBy';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { RunStateBadge } from '../StateBadge/StateBadge';
import styles from './RestoreFlow.module.css';

/** Points that are offered at once; the search finds the others. */
const offered = 50;

export interface PointStepProps {
  points: RecoveryPoint[];
  chosen?: string;
  onChoose: (name: string) => void;
}

/** First step: which recovery point. */
export function PointStep({ points, chosen, onChoose }: PointStepProps) {
  const t = useTranslate();
  const [q, setQ] = useState('');
  const restorable = useMemo(
    () => points.filter(point => point.restorable),
    [points],
  );
  const shown = refineList(
    restorable,
    { q, sort: '-created', page: 1 },
    pointRules,
    offered,
  ).rows;
  if (restorable.length === 0) {
    return <p>{t('flow.point.none')}</p>;
  }
  return (
    <>
      {restorable.length > 8 && (
        <SearchField
          size="small"
          aria-label={t('flow.point.search')}
          placeholder={t('flow.point.search')}
          value={q}
          onChange={setQ}
        />
      )}
      <div className={styles.points}>
        <RadioGroup
          aria-label={t('flow.point.choose')}
          value={chosen ?? null}
          onChange={onChoose}
        >
          {shown.map(point => (
            <Radio key={point.name} value={point.name}>
              <span className={styles.option}>
                <span>
                  <RelativeTime time={point.createdAt} style="calendar" />
                  {' · '}
                  {describeContents({ objects: point.objects }, t)}
                </span>
                <span className={styles.quiet}>
                  {point.name} · {startedBy(point, t)}
                </span>
                {point.state !== 'done' && (
                  <span className={styles.quiet}>
                    <RunStateBadge state={point.state} phase={point.phase} />{' '}
                    {point.reason}
                  </span>
                )}
              </span>
            </Radio>
          ))}
        </RadioGroup>
      </div>
    </>
  );
}
