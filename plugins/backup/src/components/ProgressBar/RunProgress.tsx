import type { Progress } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { ProgressBar } from './ProgressBar';
import styles from './RunProgress.module.css';

/** How far a run is: "31 of 47 objects" and a bar. */
export function RunProgress({ progress }: { progress?: Progress }) {
  const t = useTranslate();
  const known = progress && progress.itemsTotal > 0 ? progress : undefined;
  const text = known
    ? t('count.objectsOfTotal', {
        done: String(known.itemsDone),
        total: String(known.itemsTotal),
      })
    : t('state.running');
  return (
    <div className={styles.progress}>
      {known && <span className={styles.numbers}>{text}</span>}
      <ProgressBar
        label={text}
        share={
          known ? Math.min(1, known.itemsDone / known.itemsTotal) : undefined
        }
      />
    </div>
  );
}
