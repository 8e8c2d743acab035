import { Alert, Radio, RadioGroup } from '@backstage/ui';
import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { volumesNotIncluded } from '../../format/describeContents';
import { useTranslate } from '../../translations/useTranslate';
import styles from './RestoreFlow.module.css';

/** Second step: what comes back. All objects; the data of volumes is not in the point, and the step says so. */
export function WhatStep({ point }: { point?: RecoveryPoint }) {
  const t = useTranslate();
  const missing = point ? volumesNotIncluded(point) : 0;
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
            </span>
          </span>
        </Radio>
      </RadioGroup>
      {missing > 0 && (
        <Alert
          status="info"
          icon
          title={t('count.objectsOnly', { count: missing })}
          description={t('flow.what.volumesText')}
        />
      )}
    </>
  );
}
