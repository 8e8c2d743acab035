import { useState } from 'react';
import { Text } from '@backstage/ui';
import type {
  RestoreRun,
  RestoreUndo,
} from '@lifeboat/backstage-plugin-backup-common';
import { formatCalendarTime } from '../../format/formatDateTime';
import { useLanguage } from '../../hooks/useLanguage';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { ConfirmDialog } from '../ConfirmDialog/ConfirmDialog';

export interface UndoDialogProps {
  run: RestoreRun;
  undo: RestoreUndo;
  /** The server has agreed, or the state has changed meanwhile. */
  onAsked: () => void;
  onClose: () => void;
}

/** Asks before a running service gets its old volumes back, and says what happens to which of them. */
export function UndoDialog(props: UndoDialogProps) {
  const { run, undo, onAsked, onClose } = props;
  const t = useTranslate();
  const locale = useLanguage();
  const { api, entity, succeeded, fail } = useBackups();
  const [pending, setPending] = useState(false);
  const [openedAt] = useState(Date.now);
  const volumes = { count: undo.claims.length };

  const ask = async () => {
    setPending(true);
    try {
      await api.undoRestore(entity, run.name);
      succeeded(t('undo.asked', { name: run.name }));
    } catch (error) {
      fail(error);
    } finally {
      setPending(false);
      onAsked();
      onClose();
    }
  };

  return (
    <ConfirmDialog
      title={t('undo.title')}
      confirm={t('undo.confirm')}
      pending={pending}
      onConfirm={ask}
      onClose={onClose}
    >
      <Text as="p">
        {t('undo.volumes', { ...volumes, claims: undo.claims.join(', ') })}
      </Text>
      <Text as="p">{t('undo.stopped', volumes)}</Text>
      <Text as="p">
        {undo.keptSeconds === undefined
          ? t('undo.keptForAWhile', volumes)
          : t('undo.kept', {
              ...volumes,
              time: formatCalendarTime(
                openedAt + undo.keptSeconds * 1000,
                openedAt,
                { locale },
                t,
              ),
            })}
      </Text>
      <Text as="p">
        {run.safetyPoint
          ? t('undo.objectsAndSafety', { name: run.safetyPoint })
          : t('undo.objects')}
      </Text>
    </ConfirmDialog>
  );
}
