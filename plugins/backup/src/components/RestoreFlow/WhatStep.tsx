import { Alert, Radio, RadioGroup } from '@backstage/ui';
import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { volumesNotIncluded } from '../../format/describeContents';
import { useTranslate } from '../../translations/useTranslate';
import styles from './RestoreFlow.module.css';

export interface WhatStepProps {
  point?: RecoveryPoint;
  /** What the server has to say about this restore, as far as it is known. */
  notes: string[];
}

/** Second step: what comes back. All objects, with the data of the volumes that are in the point. */
export function WhatStep({ point, notes }: WhatStepProps) {
  const t = useTranslate();
  const missing = point ? volumesNotIncluded(point) : 0;
  const shown = new Set(notes);
  if (missing > 0) {
    shown.add(t('count.objectsOnly', { count: missing }));
  }
  return (
    <>
      <RadioGroup aria-label={t('flow.what.choice')} value="all">
        <Radio value="all">
          <span className={styles.option}>
            <span>{t('flow.what.all')}</span>
            <span className={styles.quiet}>
              {point?.objects === undefined
                ? t('flow.what.allTextUnknown')
                : t('flow.what.allText', { count: point.objects })}
              {Boolean(point?.volumes?.included) &&
                ` ${t('flow.what.withData', {
                  count: point!.volumes!.included,
                })}`}
            </span>
          </span>
        </Radio>
      </RadioGroup>
      {[...shown].map(note => (
        <Alert key={note} status="info" icon title={note} />
      ))}
      {missing > 0 && (
        <span className={styles.quiet}>{t('flow.what.volumesText')}</span>
      )}
    </>
  );
}
