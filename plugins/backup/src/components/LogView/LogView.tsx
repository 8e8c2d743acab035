import { useMemo, useState } from 'react';
import { Button, SearchField, Select } from '@backstage/ui';
import { RiDownloadLine } from '@remixicon/react';
import type { Logs } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { CopyButton } from '../CommandBlock/CopyButton';
import { filterLog, logLevels, logText } from './filterLog';
import styles from './LogView.module.css';

/** Lines that are drawn at once; search and download work on all. */
const drawnLines = 2_000;
const everyLevel = 'all';

function lineClass(level: string | undefined): string {
  switch (level) {
    case 'fatal':
    case 'error':
      return `${styles.line} ${styles.error}`;
    case 'warn':
    case 'warning':
      return `${styles.line} ${styles.warning}`;
    default:
      return styles.line;
  }
}

function download(text: string, fileName: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

export interface LogViewProps {
  logs: Logs;
  fileName: string;
}

/** A log with search, level filter, copy and download. */
export function LogView({ logs, fileName }: LogViewProps) {
  const t = useTranslate();
  const [text, setText] = useState('');
  const [level, setLevel] = useState(everyLevel);
  const levels = useMemo(() => logLevels(logs.lines), [logs]);
  const shown = useMemo(
    () =>
      filterLog(logs.lines, {
        text,
        level: level === everyLevel ? undefined : level,
      }),
    [logs, text, level],
  );
  if (logs.lines.length === 0) {
    return <span>{t('logs.empty')}</span>;
  }
  const count = t('logs.lines', { count: logs.lines.length });
  return (
    <div className={styles.view}>
      <div className={styles.bar} role="search" aria-label={t('logs.search')}>
        <SearchField
          size="small"
          aria-label={t('logs.search')}
          placeholder={t('logs.search')}
          value={text}
          onChange={setText}
        />
        <Select
          size="small"
          aria-label={t('logs.level')}
          options={[
            { id: everyLevel, label: t('logs.allLevels') },
            ...levels.map(id => ({ id, label: id })),
          ]}
          value={level}
          onChange={value => setLevel(String(value))}
        />
        <CopyButton text={logText(logs.lines)} what={t('logs.copyAll')}>
          {t('logs.copyAll')}
        </CopyButton>
        <Button
          size="small"
          variant="tertiary"
          iconStart={<RiDownloadLine />}
          onPress={() => download(logText(logs.lines), fileName)}
        >
          {t('logs.download')}
        </Button>
      </div>
      <span className={styles.count} role="status">
        {shown.length === logs.lines.length
          ? count
          : t('logs.matching', { shown: String(shown.length), lines: count })}
      </span>
      {shown.length === 0 ? (
        <span>{t('logs.noMatch')}</span>
      ) : (
        // A region that scrolls must be reachable by keyboard.
        <ol
          className={styles.lines}
          aria-label={t('logs.region')}
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
        >
          {shown.slice(0, drawnLines).map((line, index) => (
            <li
              // Lines have no identity but their place.
              // eslint-disable-next-line react/no-array-index-key
              key={index}
              className={lineClass(line.level)}
            >
              {line.time && <span className={styles.meta}>{line.time} </span>}
              {line.level && (
                <span className={styles.level}>{line.level} </span>
              )}
              {line.message}
            </li>
          ))}
        </ol>
      )}
      {!logs.complete && (
        <span className={styles.count}>{t('logs.incomplete')}</span>
      )}
    </div>
  );
}
