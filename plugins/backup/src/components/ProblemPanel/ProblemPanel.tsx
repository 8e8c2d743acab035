import { ReactNode } from 'react';
import { RiErrorWarningFill } from '@remixicon/react';
import { parseEntityRef } from '@backstage/catalog-model';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import type { Problem } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { CommandBlock } from '../CommandBlock/CommandBlock';
import styles from './ProblemPanel.module.css';

/** Problems that go away by an edit of the component's own catalog file. */
const catalogProblems: readonly string[] = [
  'annotation-missing',
  'choose-cluster',
  'cluster-unknown',
  'selector-invalid',
];

function isEntityRef(text: string): boolean {
  try {
    parseEntityRef(text);
    return text.includes(':');
  } catch {
    return false;
  }
}

function Owner({ owner }: { owner: string }) {
  return isEntityRef(owner) ? (
    <EntityRefLink entityRef={owner} />
  ) : (
    <>{owner}</>
  );
}

export interface ProblemPanelProps {
  problem: Pick<Problem, 'title' | 'message' | 'command' | 'yaml' | 'owner'> & {
    code?: string;
  };
  /** What can be done right here. */
  children?: ReactNode;
}

/** Something that a person can put right: what it is, and exactly what to run or to paste. */
export function ProblemPanel({ problem, children }: ProblemPanelProps) {
  const t = useTranslate();
  const { code, title, message, command, yaml, owner } = problem;
  return (
    <section className={styles.panel} aria-label={title}>
      <h3 className={styles.title}>
        <RiErrorWarningFill size={20} aria-hidden />
        {title}
      </h3>
      <p className={styles.text}>{message}</p>
      {owner && (
        <p className={styles.text}>
          {t('problem.owner', { owner: '' })}
          <Owner owner={owner} />
        </p>
      )}
      {command && (
        <div className={styles.how}>
          <p className={styles.label}>{t('problem.command')}</p>
          <CommandBlock text={command} what={t('problem.commandLabel')} />
        </div>
      )}
      {yaml && (
        <div className={styles.how}>
          <p className={styles.label}>
            {code && catalogProblems.includes(code)
              ? t('problem.yaml')
              : t('problem.yamlGeneric')}
          </p>
          <CommandBlock text={yaml} what={t('problem.yamlLabel')} />
        </div>
      )}
      {children}
    </section>
  );
}
