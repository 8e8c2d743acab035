import type { PlannedVolume } from '@lifeboat/backstage-plugin-backup-common';
import { formatByteSize } from '../../format/formatByteSize';
import { useLanguage } from '../../hooks/useLanguage';
import { useTranslate } from '../../translations/useTranslate';
import styles from './RestoreFlow.module.css';

/** What becomes of the data of each volume. Nothing where there are no volumes. */
export function PlannedVolumes({ volumes }: { volumes: PlannedVolume[] }) {
  const t = useTranslate();
  const locale = useLanguage();
  if (volumes.length === 0) {
    return null;
  }
  return (
    <div>
      <p className={styles.lead}>{t('flow.check.volumesTitle')}</p>
      <ul className={styles.list}>
        {volumes.map(({ name, method, reason, sizeBytes }) => (
          <li key={`${name} ${method}`}>
            <code>{name}</code>: {t(`flow.check.volume.${method}`)}
            {sizeBytes !== undefined &&
              ` (${formatByteSize(sizeBytes, locale)})`}
            {reason && ` – ${reason}`}
          </li>
        ))}
      </ul>
    </div>
  );
}
