import type { Finding } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { DetailSection } from '../DetailPanel/DetailPanel';
import { readFinding } from './readFinding';
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
        {findings.map(({ scope, namespace, message: raw }) => {
          const { object, message } = readFinding(raw);
          return (
            <li key={`${scope} ${namespace ?? ''} ${raw}`}>
              <span className={styles.quiet}>
                {t(`point.findingScope.${scope}`, {
                  namespace: namespace ?? '',
                })}
                :{' '}
              </span>
              {object && <code>{object}: </code>}
              {message}
            </li>
          );
        })}
      </ul>
    </DetailSection>
  );
}
