import { RiArrowRightSLine } from '@remixicon/react';
import type { PhaseStep } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { DetailSection } from '../DetailPanel/DetailPanel';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import styles from './RunDetail.module.css';

/** The phases that a run went through, as the cluster names them, with their times where they are known. */
export function PhaseSteps({ phases }: { phases: PhaseStep[] }) {
  const t = useTranslate();
  if (phases.length === 0) {
    return null;
  }
  return (
    <DetailSection title={t('point.phases')}>
      <ol className={styles.steps}>
        {phases.map(({ phase, at }) => (
          <li key={`${phase} ${at ?? ''}`} className={styles.step}>
            <RiArrowRightSLine size={16} aria-hidden />
            <span>{phase}</span>
            {at && (
              <span className={styles.quiet}>
                <RelativeTime time={at} style="absolute" />
              </span>
            )}
          </li>
        ))}
      </ol>
    </DetailSection>
  );
}
