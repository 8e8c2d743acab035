import { useMemo } from 'react';
import {
  ButtonIcon,
  Cell,
  Column,
  Menu,
  MenuItem,
  MenuTrigger,
  Row,
  TableBody,
  TableHeader,
  TableRoot,
  VisuallyHidden,
} from '@backstage/ui';
import {
  RiDeleteBinLine,
  RiMore2Line,
  RiPauseLine,
  RiPlayLine,
  RiSkipForwardLine,
} from '@remixicon/react';
import type { BackupSchedule } from '@lifeboat/backstage-plugin-backup-common';
import { describeCron } from '../../format/describeCron';
import { useContainerWidth } from '../../hooks/useContainerWidth';
import { useLanguage } from '../../hooks/useLanguage';
import { PolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import {
  columnStyle,
  columnStyles,
  RowActions,
  TwoLines,
} from '../ListFrame/ListFrame';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { ScheduleStateBadge } from '../StateBadge/StateBadge';
import { keptFor } from './keptFor';

type ColumnId = 'when' | 'state' | 'next' | 'last' | 'kept' | 'actions';

/** The columns that a width has room for; all when it is not known. */
export function scheduleColumns(width: number | undefined): ColumnId[] {
  if (width !== undefined && width < 560) {
    return ['when', 'actions'];
  }
  if (width !== undefined && width < 900) {
    return ['when', 'state', 'next', 'actions'];
  }
  return ['when', 'state', 'next', 'last', 'kept', 'actions'];
}

const columnClass: Partial<Record<ColumnId, string>> = {
  when: columnStyles.wide,
  actions: columnStyles.menu,
};

export interface ScheduleTableProps {
  schedules: PolledResource<BackupSchedule[]>;
  onDelete: (schedule: BackupSchedule) => void;
}

function ScheduleActions(props: {
  schedule: BackupSchedule;
  schedules: PolledResource<BackupSchedule[]>;
  onDelete: (schedule: BackupSchedule) => void;
}) {
  const t = useTranslate();
  const { schedule, schedules, onDelete } = props;
  const { api, entity, expectPoint, navigation, succeeded, fail, protection } =
    useBackups();
  if (!protection.permissions.schedule) {
    return null;
  }
  const run = async () => {
    try {
      const point = await api.runSchedule(entity, schedule.name);
      expectPoint(point);
      navigation.showView('points');
      succeeded(t('points.started', { name: point.name }));
    } catch (error) {
      fail(error);
    }
  };
  const setPaused = async (paused: boolean) => {
    try {
      const changed = await api.updateSchedule(entity, schedule.name, {
        paused,
      });
      schedules.update(items =>
        items?.map(item => (item.name === changed.name ? changed : item)),
      );
      schedules.reload();
      succeeded(t(paused ? 'schedules.pausedDone' : 'schedules.resumedDone'));
    } catch (error) {
      fail(error);
    }
  };
  return (
    <RowActions>
      <MenuTrigger>
        <ButtonIcon
          variant="tertiary"
          size="small"
          icon={<RiMore2Line />}
          aria-label={t('action.moreFor', { name: schedule.name })}
        />
        <Menu placement="bottom end">
          <MenuItem iconStart={<RiSkipForwardLine />} onAction={run}>
            {t('schedules.runNow')}
          </MenuItem>
          {schedule.paused ? (
            <MenuItem
              iconStart={<RiPlayLine />}
              onAction={() => setPaused(false)}
            >
              {t('schedules.resume')}
            </MenuItem>
          ) : (
            <MenuItem
              iconStart={<RiPauseLine />}
              onAction={() => setPaused(true)}
            >
              {t('schedules.pause')}
            </MenuItem>
          )}
          <MenuItem
            color="danger"
            iconStart={<RiDeleteBinLine />}
            onAction={() => onDelete(schedule)}
          >
            {t('action.delete')}
          </MenuItem>
        </Menu>
      </MenuTrigger>
    </RowActions>
  );
}

/** The schedules of a component, with what can be done with them. */
export function ScheduleTable({ schedules, onDelete }: ScheduleTableProps) {
  const t = useTranslate();
  const locale = useLanguage();
  const { title } = useBackups();
  const [measure, width] = useContainerWidth();
  const columns = useMemo(
    () => scheduleColumns(width).map(id => ({ id })),
    [width],
  );
  const rows = useMemo(
    () =>
      (schedules.data ?? []).map(schedule => ({ id: schedule.name, schedule })),
    [schedules.data],
  );
  const narrow = !columns.some(({ id }) => id === 'state');

  const state = (schedule: BackupSchedule) => (
    <TwoLines
      first={<ScheduleStateBadge schedule={schedule} />}
      second={schedule.reason}
    />
  );
  const next = (schedule: BackupSchedule) =>
    schedule.nextRuns.length > 0 ? (
      <RelativeTime time={schedule.nextRuns[0]} style="calendar" />
    ) : (
      t('schedules.noNext')
    );
  const cell = (id: ColumnId, schedule: BackupSchedule) => {
    switch (id) {
      case 'when':
        return (
          <TwoLines
            first={describeCron(schedule.cron, locale)}
            second={
              <>
                <div>
                  {`${schedule.name} · ${schedule.cron} · ${
                    schedule.timeZone ?? 'UTC'
                  }`}
                </div>
                {narrow && (
                  <>
                    {state(schedule)}
                    <div>
                      {t('protection.nextRun')}: {next(schedule)}
                    </div>
                  </>
                )}
              </>
            }
          />
        );
      case 'state':
        return state(schedule);
      case 'next':
        return next(schedule);
      case 'last':
        return schedule.lastRun ? (
          <RelativeTime time={schedule.lastRun} style="calendar" />
        ) : (
          '–'
        );
      case 'kept':
        return keptFor(schedule.ttl, t);
      default:
        return (
          <ScheduleActions
            schedule={schedule}
            schedules={schedules}
            onDelete={onDelete}
          />
        );
    }
  };

  return (
    <div ref={measure}>
      <TableRoot aria-label={t('schedules.list', { name: title })}>
        <TableHeader columns={columns}>
          {column => (
            <Column
              id={column.id}
              className={columnStyle(columnClass, column.id, narrow)}
              isRowHeader={column.id === 'when'}
            >
              {column.id === 'actions' ? (
                <VisuallyHidden>{t('schedules.column.actions')}</VisuallyHidden>
              ) : (
                t(`schedules.column.${column.id}`)
              )}
            </Column>
          )}
        </TableHeader>
        <TableBody items={rows} dependencies={[columns, locale]}>
          {row => (
            <Row id={row.id} columns={columns}>
              {column => (
                <Cell>
                  {cell((column as { id: ColumnId }).id, row.schedule)}
                </Cell>
              )}
            </Row>
          )}
        </TableBody>
      </TableRoot>
    </div>
  );
}
