import type { Finding } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { DetailSection } from '../DetailPanel/DetailPanel';
import styles from './RunDetail.module.css';

export interface FindingsProps {
  title: string;
  findings: Finding[];
}

/** Warnings or errors of a run, each with where it came from. */
export function Findings({ title, findings }: FindingsProps) {
  const t = useTranslate();
  if (findings.length === 0) {
    return null;
  }
  return (
    <DetailSection title={`${title} (${findings.length})`}>
      <ul className={styles.list}>
        {findings.map(({ scope, namespace, message }) => (
          <li key={`${scope} ${namespace ?? ''} ${message}`}>
            <span className={styles.quiet}>
              {t(`point.findingScope.${scope}`, {
                namespace: namespace ?? '',
              })}
              :{' '}
            </span>
            {message}
          </li>
        ))}
      </ul>
    </DetailSection>
  );
}
