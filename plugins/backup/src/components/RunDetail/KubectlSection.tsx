import { useTranslate } from '../../translations/useTranslate';
import { CommandBlock } from '../CommandBlock/CommandBlock';
import { DetailSection } from '../DetailPanel/DetailPanel';
import styles from './RunDetail.module.css';

/** The command that shows the resource of a run. */
export function KubectlSection({ command }: { command: string }) {
  const t = useTranslate();
  return (
    <DetailSection title={t('point.kubectl')}>
      <span className={styles.quiet}>{t('point.kubectlText')}</span>
      <CommandBlock text={command} what={t('problem.commandLabel')} />
    </DetailSection>
  );
}
