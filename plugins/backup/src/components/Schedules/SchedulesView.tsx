import { useState } from 'react';
import { Button } from '@backstage/ui';
import { RiAddLine } from '@remixicon/react';
import type { BackupSchedule } from '@lifeboat/backstage-plugin-backup-common';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { DataAge } from '../DataAge/DataAge';
import { EmptyList, ListFrame, ListSkeleton } from '../ListFrame/ListFrame';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { DeleteScheduleDialog } from './DeleteScheduleDialog';
import { ScheduleForm } from './ScheduleForm';
import { ScheduleTable } from './ScheduleTable';
import styles from './Schedules.module.css';

/** The schedules of a component, and the form for a new one. */
export function SchedulesView() {
  const t = useTranslate();
  const { api, entity, navigation, protection, title } = useBackups();
  const mayManage = protection.permissions.schedule;
  const [toDelete, setToDelete] = useState<BackupSchedule>();
  const schedules = usePolledResource<BackupSchedule[]>({
    key: `schedules ${entity.kind}:${entity.namespace}/${entity.name} ${
      entity.cluster ?? ''
    }`,
    load: async signal => (await api.listSchedules(entity, { signal })).items,
    interval: items =>
      items?.some(({ state, paused }) => state === 'new' && !paused)
        ? 2_000
        : 30_000,
  });
  const formOpen = navigation.location.form === 'schedule' && mayManage;
  const { data } = schedules;
  const newButton = mayManage && !formOpen && (
    <Button
      variant="secondary"
      iconStart={<RiAddLine />}
      onPress={navigation.openScheduleForm}
    >
      {t('action.newSchedule')}
    </Button>
  );

  return (
    <ListFrame>
      <DataAge resources={[schedules]} />
      {formOpen && <ScheduleForm schedules={schedules} />}
      {!data && schedules.error && (
        <ErrorPanel
          title={t('age.failedTitle')}
          error={schedules.error}
          onRetry={schedules.reload}
        />
      )}
      {!data && !schedules.error && <ListSkeleton />}
      {data?.length === 0 && !formOpen && (
        <EmptyList
          title={t('schedules.emptyTitle')}
          text={t('schedules.emptyText', { name: title })}
        >
          {newButton}
        </EmptyList>
      )}
      {data && data.length > 0 && (
        <>
          <div className={styles.bar}>{newButton}</div>
          <ScheduleTable schedules={schedules} onDelete={setToDelete} />
        </>
      )}
      {toDelete && (
        <DeleteScheduleDialog
          schedule={toDelete}
          schedules={schedules}
          onClose={() => setToDelete(undefined)}
        />
      )}
    </ListFrame>
  );
}
