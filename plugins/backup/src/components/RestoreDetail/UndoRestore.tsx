import { useState } from 'react';
import { Button } from '@backstage/ui';
import type { RestoreRun } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { UndoDialog } from './UndoDialog';

export interface UndoRestoreProps {
  run: RestoreRun;
  /** Whether the user may undo it. */
  allowed: boolean;
  /** Reads again what the request changes. */
  onAsked: () => void;
}

/** Gives claims the volumes from before a restore back, after a question. Nothing where that is not possible. */
export function UndoRestore({ run, allowed, onAsked }: UndoRestoreProps) {
  const t = useTranslate();
  const [asking, setAsking] = useState(false);
  const { undo } = run;
  if (!allowed || !undo?.possible) {
    return null;
  }
  return (
    <>
      <Button variant="secondary" size="small" onPress={() => setAsking(true)}>
        {t('undo.action')}
      </Button>
      {asking && (
        <UndoDialog
          run={run}
          undo={undo}
          onAsked={onAsked}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
