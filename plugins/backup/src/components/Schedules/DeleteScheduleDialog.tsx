import { useState } from 'react';
import { Text } from '@backstage/ui';
import type { BackupSchedule } from '@lifeboat/backstage-plugin-backup-common';
import { describeCron } from '../../format/describeCron';
import { useLanguage } from '../../hooks/useLanguage';
import { PolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { ConfirmDialog } from '../ConfirmDialog/ConfirmDialog';

export interface DeleteScheduleDialogProps {
  schedule: BackupSchedule;
  schedules: PolledResource<BackupSchedule[]>;
  onClose: () => void;
}

/** Asks before a schedule is deleted, and says what stays. */
export function DeleteScheduleDialog(props: DeleteScheduleDialogProps) {
  const t = useTranslate();
  const locale = useLanguage();
  const { schedule, schedules, onClose } = props;
  const { api, entity, succeeded, fail } = useBackups();
  const [pending, setPending] = useState(false);

  const remove = async () => {
    setPending(true);
    try {
      await api.deleteSchedule(entity, schedule.name);
      schedules.update(items =>
        items?.filter(item => item.name !== schedule.name),
      );
      schedules.reload();
      succeeded(t('schedules.deleted'));
    } catch (error) {
      fail(error);
    } finally {
      setPending(false);
      onClose();
    }
  };

  return (
    <ConfirmDialog
      title={t('deleteSchedule.title')}
      confirm={t('deleteSchedule.confirm')}
      pending={pending}
      onConfirm={remove}
      onClose={onClose}
    >
      <Text as="p">
        {t('deleteSchedule.text', {
          when: describeCron(schedule.cron, locale),
        })}
      </Text>
    </ConfirmDialog>
  );
}
