import { useState } from 'react';
import type { Logs } from '@lifeboat/backstage-plugin-backup-common';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { ListSkeleton } from '../ListFrame/ListFrame';
import styles from './LogView.module.css';
import { LogView } from './LogView';

export interface RunLogProps {
  /** What the log belongs to. */
  resourceKey: string;
  fileName: string;
  /** More lines may come. */
  running: boolean;
  load: (signal: AbortSignal) => Promise<Logs>;
}

/** The log of a run; read when it is unfolded. */
export function RunLog(props: RunLogProps) {
  const t = useTranslate();
  const { resourceKey, fileName, running, load } = props;
  const [open, setOpen] = useState(false);
  const resource = usePolledResource<Logs>({
    key: open ? `log ${resourceKey} ${running}` : undefined,
    load,
    interval: logs => (running && !logs?.complete ? 3_000 : undefined),
  });
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary className={styles.summary}>{t('point.logs')}</summary>
      <div className={styles.body}>
        {resource.data && <LogView logs={resource.data} fileName={fileName} />}
        {!resource.data && resource.error && (
          <ErrorPanel
            title={t('logs.failed')}
            error={resource.error}
            onRetry={resource.reload}
          />
        )}
        {open && resource.loading && <ListSkeleton />}
      </div>
    </details>
  );
}
