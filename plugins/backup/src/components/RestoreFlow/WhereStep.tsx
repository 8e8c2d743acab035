import { Radio, RadioGroup, TextField } from '@backstage/ui';
import {
  RiCheckboxCircleFill,
  RiCloseCircleFill,
  RiTimeLine,
} from '@remixicon/react';
import { useTranslate } from '../../translations/useTranslate';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { ProblemPanel } from '../ProblemPanel/ProblemPanel';
import { RestoreChoice, TargetFault } from './restoreChoice';
import styles from './RestoreFlow.module.css';
import { PreviewState } from './useRestorePreview';

export interface WhereStepProps {
  choice: RestoreChoice;
  onChange: (change: Partial<RestoreChoice>) => void;
  /** The name of the component, to be typed for a restore in place. */
  componentName: string;
  sourceNamespace?: string;
  fault?: TargetFault;
  preview: PreviewState;
}

function Verdict(props: { good?: boolean; text: string }) {
  const { good, text } = props;
  let icon = <RiTimeLine size={18} aria-hidden />;
  let tone = '';
  if (good === true) {
    icon = <RiCheckboxCircleFill size={18} aria-hidden />;
    tone = styles.good;
  } else if (good === false) {
    icon = <RiCloseCircleFill size={18} aria-hidden />;
    tone = styles.bad;
  }
  return (
    <span className={`${styles.verdict} ${tone}`}>
      {icon}
      {text}
    </span>
  );
}

function CopyFields(props: WhereStepProps) {
  const t = useTranslate();
  const { choice, onChange, fault, preview } = props;
  const namespace = choice.targetNamespace ?? '';
  const answer = preview.preview;
  const faultTexts: Record<TargetFault, string> = {
    empty: t('flow.where.empty'),
    'too-long': t('flow.where.tooLong'),
    invalid: t('flow.where.invalid'),
    same: t('flow.where.same'),
  };
  const verdictTexts = {
    new: t('flow.where.free', { namespace }),
    existing: t('flow.where.existing', { namespace }),
    forbidden: t('flow.where.forbidden', { namespace }),
  };
  return (
    <div className={styles.field}>
      <TextField
        label={t('flow.where.namespace')}
        description={
          answer?.allowedPatterns?.length
            ? t('flow.where.patterns', {
                patterns: answer.allowedPatterns.join(', '),
              })
            : undefined
        }
        value={namespace}
        onChange={value => onChange({ targetNamespace: value })}
        isInvalid={Boolean(fault) || answer?.allowed === false}
        autoComplete="off"
        spellCheck="false"
      />
      <div aria-live="polite">
        {fault && <Verdict good={false} text={faultTexts[fault]} />}
        {!fault && preview.loading && (
          <Verdict text={t('flow.where.checking', { namespace })} />
        )}
        {!fault && answer && (
          <Verdict
            good={answer.allowed && answer.namespaceState !== 'forbidden'}
            text={
              answer.allowed
                ? verdictTexts[answer.namespaceState]
                : verdictTexts.forbidden
            }
          />
        )}
      </div>
    </div>
  );
}

function InPlaceFields(props: WhereStepProps) {
  const t = useTranslate();
  const { choice, onChange, componentName } = props;
  const wrong =
    choice.confirmation !== '' &&
    !componentName.startsWith(choice.confirmation);
  return (
    <div className={styles.field}>
      <RadioGroup
        label={t('flow.where.existingObjects')}
        value={choice.existing}
        onChange={value =>
          onChange({ existing: value === 'update' ? 'update' : 'none' })
        }
      >
        <Radio value="none">
          <span className={styles.option}>
            <span>{t('flow.where.leaveAlone')}</span>
            <span className={styles.quiet}>
              {t('flow.where.leaveAloneText')}
            </span>
          </span>
        </Radio>
        <Radio value="update">
          <span className={styles.option}>
            <span>{t('flow.where.update')}</span>
            <span className={styles.quiet}>{t('flow.where.updateText')}</span>
          </span>
        </Radio>
      </RadioGroup>
      <TextField
        label={t('flow.where.confirmName', { name: componentName })}
        description={wrong ? t('flow.where.confirmMismatch') : undefined}
        value={choice.confirmation}
        onChange={value => onChange({ confirmation: value })}
        isInvalid={wrong}
        autoComplete="off"
        spellCheck="false"
      />
    </div>
  );
}

/** Third step: a copy in a new namespace, or in place. */
export function WhereStep(props: WhereStepProps) {
  const t = useTranslate();
  const { choice, onChange, sourceNamespace, fault, preview } = props;
  const problems = fault ? [] : preview.preview?.problems ?? [];
  return (
    <>
      <RadioGroup
        aria-label={t('flow.where.choice')}
        value={choice.way}
        onChange={value =>
          onChange({ way: value === 'in-place' ? 'in-place' : 'copy' })
        }
      >
        <Radio value="copy">
          <span className={styles.option}>
            <span>{t('flow.where.copy')}</span>
            <span className={styles.quiet}>{t('flow.where.copyText')}</span>
          </span>
        </Radio>
        <Radio value="in-place">
          <span className={styles.option}>
            <span>
              {t('flow.where.inPlace', { namespace: sourceNamespace ?? '' })}
            </span>
            <span className={styles.quiet}>{t('flow.where.inPlaceText')}</span>
          </span>
        </Radio>
      </RadioGroup>
      {choice.way === 'copy' ? (
        <CopyFields {...props} />
      ) : (
        <InPlaceFields {...props} />
      )}
      {problems.map(problem => (
        <ProblemPanel
          key={`${problem.code} ${problem.message}`}
          problem={problem}
        />
      ))}
      {!fault && preview.error && (
        <ErrorPanel
          title={t('flow.check.failed')}
          error={preview.error}
          onRetry={preview.retry}
        />
      )}
    </>
  );
}
