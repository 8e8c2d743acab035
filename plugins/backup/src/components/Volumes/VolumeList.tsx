import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import { formatByteSize } from '../../format/formatByteSize';
import { describeTransfer } from '../../format/describeTransfer';
import { useLanguage } from '../../hooks/useLanguage';
import { useTranslate } from '../../translations/useTranslate';
import { DetailSection } from '../DetailPanel/DetailPanel';
import { ProgressBar } from '../ProgressBar/ProgressBar';
import { RunStateBadge } from '../StateBadge/StateBadge';
import styles from './VolumeList.module.css';

export interface VolumeListProps {
  volumes: VolumeFinding[];
  /** Whether the data comes back, instead of being backed up. */
  wayBack?: boolean;
}

function Outcome({ volume }: { volume: VolumeFinding }) {
  const t = useTranslate();
  const locale = useLanguage();
  const { state, pvc, bytesDone, bytesTotal, reason } = volume;
  if (state === 'running') {
    const text = describeTransfer(volume, t, locale);
    return (
      <div className={styles.progress}>
        <span className={styles.numbers}>{text}</span>
        <ProgressBar
          label={t('volumes.progressOf', { name: pvc, text })}
          share={
            bytesTotal && bytesDone !== undefined
              ? Math.min(1, bytesDone / bytesTotal)
              : undefined
          }
        />
      </div>
    );
  }
  if (state === 'done') {
    const size = (bytes: number) => formatByteSize(bytes, locale);
    const { sizeBytes, newBytes, storedBytes } = volume;
    const parts = [
      sizeBytes !== undefined && size(sizeBytes),
      newBytes !== undefined && t('volumes.changed', { size: size(newBytes) }),
      storedBytes !== undefined &&
        t('volumes.stored', { size: size(storedBytes) }),
    ].filter(Boolean);
    return parts.length > 0 ? (
      <span className={styles.numbers}>{parts.join(' · ')}</span>
    ) : null;
  }
  if (state === 'waiting') {
    return reason ? <span>{reason}</span> : null;
  }
  if (state === 'cancelled') {
    return null;
  }
  return <span>{reason ?? t('point.volumeNotIncluded')}</span>;
}

/** Whether nothing is there of which a method could be told. */
function hasFailed({ state }: VolumeFinding): boolean {
  return state === 'failed' || state === 'cancelled';
}

/** What becomes, or became, of the data of each volume of a run. Nothing where there are no volumes. */
export function VolumeList({ volumes, wayBack }: VolumeListProps) {
  const t = useTranslate();
  if (volumes.length === 0) {
    return null;
  }
  return (
    <DetailSection title={t('point.volumes')}>
      <ul className={styles.list} aria-label={t('point.volumes')}>
        {volumes.map(volume => (
          <li
            key={`${volume.namespace}/${volume.pod ?? ''}/${volume.pvc}`}
            className={styles.volume}
          >
            <div className={styles.head}>
              <code>{volume.pvc}</code>
              {volume.pod && (
                <span className={styles.quiet}>
                  {t('volumes.ofPod', { pod: volume.pod })}
                </span>
              )}
              {volume.state === 'skipped' ? (
                <span className={styles.quiet}>{t('volumes.skipped')}</span>
              ) : (
                <RunStateBadge
                  state={volume.state}
                  phase={volume.resource?.phase ?? volume.state}
                />
              )}
            </div>
            {volume.method && !hasFailed(volume) && (
              <span className={styles.quiet}>
                {t(
                  wayBack
                    ? `volumes.wayBack.${volume.method}`
                    : `volumes.method.${volume.method}`,
                )}
              </span>
            )}
            <Outcome volume={volume} />
          </li>
        ))}
      </ul>
    </DetailSection>
  );
}
