import { Alert } from '@backstage/ui';
import type { RunState } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';

export interface RunFailureProps {
  run: { name: string; state: RunState; reason?: string };
}

/** The first cause of a run that failed or needs attention, and who to ask. Nothing for other runs. */
export function RunFailure({ run }: RunFailureProps) {
  const t = useTranslate();
  if (run.state !== 'failed' && run.state !== 'needs-attention') {
    return null;
  }
  const failed = run.state === 'failed';
  return (
    <Alert
      status={failed ? 'danger' : 'warning'}
      icon
      title={failed ? t('point.failedTitle') : t('point.attentionTitle')}
      description={`${run.reason ?? t('point.noReason')} ${t(
        'point.askPlatform',
        { name: run.name },
      )}`}
    />
  );
}
