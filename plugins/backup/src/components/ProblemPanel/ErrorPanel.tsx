import { Button } from '@backstage/ui';
import { ResponseError } from '@backstage/errors';
import { problemOf } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { ProblemPanel } from './ProblemPanel';

/** The sentence that the server or the network gave, without the wrapping of the client. */
export function messageOf(error: Error): string {
  const body =
    error.name === 'ResponseError' ? (error as ResponseError).body : undefined;
  return body?.error?.message || error.message;
}

export interface ErrorPanelProps {
  /** What did not work. */
  title: string;
  error: Error;
  onRetry?: () => void;
}

/** What went wrong, with the way out that the server named, if it named one. */
export function ErrorPanel({ title, error, onRetry }: ErrorPanelProps) {
  const t = useTranslate();
  const problem = problemOf(error) ?? { title, message: messageOf(error) };
  return (
    <div role="alert">
      <ProblemPanel problem={problem}>
        {onRetry && (
          <div>
            <Button variant="secondary" onPress={onRetry}>
              {t('action.retry')}
            </Button>
          </div>
        )}
      </ProblemPanel>
    </div>
  );
}
