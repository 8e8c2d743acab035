import { Alert } from '@backstage/ui';
import type {
  RunState,
  VolumeFinding,
} from '@lifeboat/backstage-plugin-backup-common';
import { describeReason } from '../../format/describeReason';
import { Translate, useTranslate } from '../../translations/useTranslate';

export interface RunFailureProps {
  run: {
    name: string;
    state: RunState;
    reason?: string;
    volumesList: VolumeFinding[];
  };
}

/** A failed volume says more than the count of errors, of which it is one. */
function causeOf(
  { reason, volumesList }: RunFailureProps['run'],
  t: Translate,
) {
  const volume = volumesList.find(({ state }) => state === 'failed');
  const cause =
    volume?.reason === undefined
      ? reason ?? t('point.noReason')
      : t('volumes.failed', { name: volume.pvc, reason: volume.reason });
  return /[.!?]$/.test(cause) ? cause : `${cause}.`;
}

/**
 * The first cause of a run that failed or needs attention, and who to ask;
 * who cancelled one that was cancelled. Nothing for other runs.
 */
export function RunFailure({ run }: RunFailureProps) {
  const t = useTranslate();
  if (run.state === 'cancelled') {
    return run.reason ? (
      <Alert status="info" icon title={describeReason(run.reason, t)} />
    ) : null;
  }
  if (run.state !== 'failed' && run.state !== 'needs-attention') {
    return null;
  }
  const failed = run.state === 'failed';
  return (
    <Alert
      status={failed ? 'danger' : 'warning'}
      icon
      title={failed ? t('point.failedTitle') : t('point.attentionTitle')}
      description={`${causeOf(run, t)} ${t('point.askPlatform', {
        name: run.name,
      })}`}
    />
  );
}
