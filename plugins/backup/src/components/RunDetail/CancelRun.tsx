import { useState } from 'react';
import { Button } from '@backstage/ui';
import type { RunState } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';

export interface CancelRunProps {
  run: { name: string; state: RunState };
  /** Whether the user may cancel it. */
  allowed: boolean;
  /** Asks the server; resolves when it has agreed. */
  cancel: () => Promise<unknown>;
  /** Reads again what the cancellation changes. */
  onCancelled: () => void;
}

/** Stops a run that is waiting or running. Nothing for other runs. */
export function CancelRun(props: CancelRunProps) {
  const t = useTranslate();
  const { run, allowed, cancel, onCancelled } = props;
  const { succeeded, fail } = useBackups();
  const [pending, setPending] = useState(false);
  if (!allowed || (run.state !== 'running' && run.state !== 'waiting')) {
    return null;
  }
  const onPress = async () => {
    setPending(true);
    try {
      await cancel();
      succeeded(t('points.cancelAsked', { name: run.name }));
      onCancelled();
    } catch (error) {
      fail(error);
    } finally {
      setPending(false);
    }
  };
  return (
    <Button
      variant="secondary"
      size="small"
      isPending={pending}
      aria-label={t('action.cancelRun', { name: run.name })}
      onPress={onPress}
    >
      {t('action.cancel')}
    </Button>
  );
}
