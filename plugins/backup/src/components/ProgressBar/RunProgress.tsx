import type { Progress } from '@lifeboat/backstage-plugin-backup-common';
import { describeTransfer } from '../../format/describeTransfer';
import { useLanguage } from '../../hooks/useLanguage';
import { useTranslate } from '../../translations/useTranslate';
import { ProgressBar } from './ProgressBar';
import styles from './RunProgress.module.css';

/** Objects come first, then the data of volumes: the bar shows what is going on now, and is full only at the end. */
function shareOf({ itemsDone, itemsTotal, volumes }: Progress) {
  if (!volumes) {
    return itemsDone < itemsTotal ? itemsDone / itemsTotal : undefined;
  }
  return volumes.bytesTotal === undefined
    ? undefined
    : volumes.bytesDone / Math.max(1, volumes.bytesTotal);
}

/** How far a run is: "31 of 47 objects · 412 MiB of 900 MiB, 38 MiB/s, 13 s left" and a bar. */
export function RunProgress({ progress }: { progress?: Progress }) {
  const t = useTranslate();
  const locale = useLanguage();
  const known = progress && progress.itemsTotal > 0 ? progress : undefined;
  const volumes = known?.volumes;
  const text = known
    ? [
        t('count.objectsOfTotal', {
          done: String(known.itemsDone),
          count: known.itemsTotal,
        }),
        volumes &&
          volumes.total > 1 &&
          t('count.volumesOfTotal', {
            done: String(volumes.done),
            count: volumes.total,
          }),
        volumes && describeTransfer(volumes, t, locale),
      ]
        .filter(Boolean)
        .join(' · ')
    : t('state.running');
  const share = known && shareOf(known);
  return (
    <div className={styles.progress}>
      {known && <span className={styles.numbers}>{text}</span>}
      <ProgressBar
        label={text}
        share={share === undefined ? undefined : Math.min(1, share)}
      />
    </div>
  );
}
