import { useTranslate } from '../../translations/useTranslate';
import styles from './RunDetail.module.css';

/** Objects of one kind, with what became of each where that is known. */
export interface KindGroup {
  kind: string;
  apiVersion: string;
  objects: { name: string; result?: string }[];
}

/** Objects by kind; the names unfold. */
export function ResourceKinds({ groups }: { groups: KindGroup[] }) {
  const t = useTranslate();
  if (groups.length === 0) {
    return <span className={styles.quiet}>{t('point.noResources')}</span>;
  }
  return (
    <div>
      {groups.map(({ kind, apiVersion, objects }) => (
        <details key={`${apiVersion}/${kind}`} className={styles.kind}>
          <summary title={apiVersion}>
            <span>{kind}</span>
            <span className={styles.quiet}>
              {t('count.objects', { count: objects.length })}
            </span>
          </summary>
          <ul>
            {objects.map(({ name, result }) => (
              <li key={name}>{result ? `${name} – ${result}` : name}</li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}
