import { useEffect, useState } from 'react';
import { Alert, Button } from '@backstage/ui';
import { PolledResource } from '../../hooks/usePolledResource';
import { useNow } from '../../hooks/useNow';
import { formatRelativeTime } from '../../format/formatRelativeTime';
import { useTranslate } from '../../translations/useTranslate';
import { messageOf } from '../ProblemPanel/ErrorPanel';

export interface DataAgeProps {
  resources: PolledResource<unknown>[];
}

/** Says how old the data is when it cannot be renewed. Nothing while all is well. */
export function DataAge({ resources }: DataAgeProps) {
  const t = useTranslate();
  const now = useNow(5_000);
  const stale = resources.filter(
    ({ error, loadedAt }) => error && loadedAt !== undefined,
  );
  if (stale.length === 0) {
    return null;
  }
  const loadedAt = Math.min(...stale.map(resource => resource.loadedAt ?? now));
  const [{ error }] = stale;
  return (
    <Alert
      status="warning"
      icon
      role="status"
      title={t('age.stale', { age: formatRelativeTime(loadedAt, now, t) })}
      description={error && t('age.staleDetail', { message: messageOf(error) })}
      customActions={
        <Button
          size="small"
          variant="secondary"
          onPress={() => stale.forEach(resource => resource.reload())}
        >
          {t('action.retry')}
        </Button>
      }
    />
  );
}

const slowAfterMs = 5_000;

/** Says that an answer takes long, after five seconds of waiting. */
export function SlowNotice() {
  const t = useTranslate();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), slowAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return slow ? <p role="status">{t('age.slow')}</p> : null;
}
