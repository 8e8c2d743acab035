import { Skeleton } from '@backstage/ui';
import { ResponseError } from '@backstage/errors';
import { useTranslate } from '../../translations/useTranslate';
import { SlowNotice } from '../DataAge/DataAge';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { ProblemPanel } from '../ProblemPanel/ProblemPanel';
import styles from './RunDetail.module.css';

/** The shape of details while they are awaited. */
export function DetailSkeleton() {
  const t = useTranslate();
  return (
    <div
      className={styles.skeleton}
      role="status"
      aria-label={t('age.loading')}
    >
      <Skeleton width="30%" height={20} />
      <Skeleton width="100%" height={120} />
      <Skeleton width="100%" height={80} />
      <SlowNotice />
    </div>
  );
}

export interface DetailUnavailableProps {
  error: Error;
  goneTitle: string;
  goneText: string;
  onRetry: () => void;
}

/** Details that do not exist (any more), or that could not be read. */
export function DetailUnavailable(props: DetailUnavailableProps) {
  const t = useTranslate();
  const { error, goneTitle, goneText, onRetry } = props;
  const gone =
    error.name === 'ResponseError' &&
    (error as ResponseError).response?.status === 404;
  return gone ? (
    <ProblemPanel problem={{ title: goneTitle, message: goneText }} />
  ) : (
    <ErrorPanel title={t('age.failedTitle')} error={error} onRetry={onRetry} />
  );
}
