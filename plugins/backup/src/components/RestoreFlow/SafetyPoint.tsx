import { Alert, Checkbox } from '@backstage/ui';
import type { RecoveryPoint } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { RunProgress } from '../ProgressBar/RunProgress';
import { PointLink } from '../RecoveryPoints/PointLink';
import { SafetyPointError } from './takeSafetyPoint';
import styles from './RestoreFlow.module.css';

export interface SafetyPointChoiceProps {
  namespace: string;
  taken: boolean;
  onChange: (taken: boolean) => void;
}

/** Says that a safety point is taken first; to go without one is a choice of its own. */
export function SafetyPointChoice(props: SafetyPointChoiceProps) {
  const t = useTranslate();
  const { namespace, taken, onChange } = props;
  return (
    <div className={styles.step}>
      <div role="status">
        {taken ? (
          <Alert
            status="info"
            icon
            title={t('flow.safety.first')}
            description={t('flow.safety.firstText', { namespace })}
          />
        ) : (
          <Alert
            status="warning"
            icon
            title={t('flow.safety.none')}
            description={t('flow.safety.noneText', { namespace })}
          />
        )}
      </div>
      <Checkbox isSelected={!taken} onChange={without => onChange(!without)}>
        {t('flow.safety.without')}
      </Checkbox>
    </div>
  );
}

/** What is going on while the safety point is made. */
export function SafetyPointProgress({ point }: { point: RecoveryPoint }) {
  const t = useTranslate();
  return (
    <div role="status" className={styles.step}>
      <Alert
        status="info"
        loading
        title={t('flow.safety.taking', { name: point.name })}
        description={t('flow.safety.takingText')}
      />
      {point.state === 'running' && <RunProgress progress={point.progress} />}
    </div>
  );
}

/** Why nothing was restored. */
export function StartFailure({ error }: { error: Error }) {
  const t = useTranslate();
  if (!(error instanceof SafetyPointError)) {
    return <ErrorPanel title={t('flow.check.startFailed')} error={error} />;
  }
  return (
    <div role="alert" className={styles.step}>
      <Alert
        status="danger"
        icon
        title={t('flow.safety.failed')}
        description={error.message}
        customActions={
          <PointLink name={error.point.name}>{t('flow.safety.show')}</PointLink>
        }
      />
    </div>
  );
}
