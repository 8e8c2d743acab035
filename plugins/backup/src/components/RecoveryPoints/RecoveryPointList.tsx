import { useMemo } from 'react';
import {
  Button,
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
  RiFileListLine,
  RiHistoryLine,
  RiMore2Line,
} from '@remixicon/react';
import type {
  RecoveryPoint,
  RunState,
} from '@lifeboat/backstage-plugin-backup-common';
import { describeContents } from '../../format/describeContents';
import { describeReason } from '../../format/describeReason';
import { refineList } from '../../hooks/refineList';
import { useContainerWidth } from '../../hooks/useContainerWidth';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import {
  columnStyle,
  columnStyles,
  EmptyList,
  ListFrame,
  ListPages,
  ListSkeleton,
  ListToolbar,
  pageSize,
  RowActions,
  rowStyle,
  TwoLines,
} from '../ListFrame/ListFrame';
import { readSort, writeSort } from '../ListFrame/sortDescriptor';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { RunStateBadge } from '../StateBadge/StateBadge';
import { CancelRun } from '../RunDetail/CancelRun';
import { PointContents } from './PointContents';
import { pointRules } from './pointRules';
import { startedBy } from './startedBy';

const states: RunState[] = [
  'done',
  'needs-attention',
  'failed',
  'running',
  'waiting',
  'cancelled',
  'deleting',
];

type ColumnId = 'created' | 'state' | 'contents' | 'by' | 'expires' | 'actions';

/** The columns that a width has room for; all when it is not known. */
export function pointColumns(width: number | undefined): ColumnId[] {
  if (width !== undefined && width < 560) {
    return ['created', 'actions'];
  }
  if (width !== undefined && width < 900) {
    return ['created', 'state', 'contents', 'actions'];
  }
  return ['created', 'state', 'contents', 'by', 'expires', 'actions'];
}

const columnClass: Partial<Record<ColumnId, string>> = {
  created: columnStyles.name,
  contents: columnStyles.wide,
  expires: columnStyles.narrow,
  actions: columnStyles.actions,
};

const sortable: readonly ColumnId[] = [
  'created',
  'state',
  'contents',
  'expires',
];

function PointState({ point }: { point: RecoveryPoint }) {
  const t = useTranslate();
  return (
    <TwoLines
      first={<RunStateBadge state={point.state} phase={point.phase} />}
      second={
        point.state !== 'done' && point.state !== 'running'
          ? describeReason(point.reason, t)
          : undefined
      }
    />
  );
}

interface PointActionsProps {
  point: RecoveryPoint;
  /** No room for a button beside the menu. */
  narrow: boolean;
}

function PointActions({ point, narrow }: PointActionsProps) {
  const t = useTranslate();
  const { api, entity, navigation, protection, points, askToDelete } =
    useBackups();
  const { permissions } = protection;
  const mayRestore = permissions.restore && point.restorable;
  return (
    <RowActions>
      {mayRestore && !narrow && (
        <Button
          variant="secondary"
          size="small"
          onPress={() => navigation.startRestore(point.name)}
        >
          {t('action.restore')}
        </Button>
      )}
      {!narrow && (
        <CancelRun
          run={point}
          allowed={permissions.create}
          cancel={() => api.cancelRecoveryPoint(entity, point.name)}
          onCancelled={points.reload}
        />
      )}
      <MenuTrigger>
        <ButtonIcon
          variant="tertiary"
          size="small"
          icon={<RiMore2Line />}
          aria-label={t('action.moreFor', { name: point.name })}
        />
        <Menu placement="bottom end">
          <MenuItem
            iconStart={<RiFileListLine />}
            onAction={() => navigation.openPoint(point.name)}
          >
            {t('action.details')}
          </MenuItem>
          {mayRestore && narrow ? (
            <MenuItem
              iconStart={<RiHistoryLine />}
              onAction={() => navigation.startRestore(point.name)}
            >
              {t('action.restore')}
            </MenuItem>
          ) : null}
          {permissions.delete && point.state !== 'deleting' ? (
            <MenuItem
              color="danger"
              iconStart={<RiDeleteBinLine />}
              onAction={() => askToDelete(point)}
            >
              {t('action.delete')}
            </MenuItem>
          ) : null}
        </Menu>
      </MenuTrigger>
    </RowActions>
  );
}

function EmptyPoints() {
  const t = useTranslate();
  const { title, protection, backUpNow, backingUp } = useBackups();
  const contents = describeContents(
    { objects: protection.objectCount, volumes: protection.volumeCount },
    t,
  );
  return (
    <EmptyList
      title={t('points.emptyTitle')}
      text={t('points.emptyText', { name: title })}
    >
      {contents && <span>{t('points.emptyContents', { contents })}</span>}
      {protection.permissions.create && (
        <Button
          variant="primary"
          size="medium"
          isPending={backingUp}
          isDisabled={Boolean(protection.problem)}
          onPress={backUpNow}
        >
          {t('action.backUpNow')}
        </Button>
      )}
    </EmptyList>
  );
}

/** The recovery points of a component. */
export function RecoveryPointList() {
  const t = useTranslate();
  const { points, navigation, title } = useBackups();
  const { location } = navigation;
  const [measure, width] = useContainerWidth();
  const columns = useMemo(
    () => pointColumns(width).map(id => ({ id })),
    [width],
  );
  const items = points.data?.items;
  const page = useMemo(
    () => refineList(items ?? [], location, pointRules, pageSize),
    [items, location],
  );
  const rows = useMemo(
    () => page.rows.map(point => ({ id: point.name, point })),
    [page],
  );

  if (!items) {
    return points.error ? (
      <ErrorPanel
        title={t('age.failedTitle')}
        error={points.error}
        onRetry={points.reload}
      />
    ) : (
      <ListSkeleton />
    );
  }
  if (items.length === 0) {
    return <EmptyPoints />;
  }

  const narrow = !columns.some(({ id }) => id === 'state');
  const noBy = !columns.some(({ id }) => id === 'by');
  const cell = (id: ColumnId, point: RecoveryPoint) => {
    switch (id) {
      case 'created':
        return (
          <TwoLines
            first={<RelativeTime time={point.createdAt} style="calendar" />}
            second={
              <>
                <div>{point.name}</div>
                {noBy && <div>{startedBy(point, t, 'phrase')}</div>}
                {narrow && (
                  <>
                    <PointState point={point} />
                    <PointContents point={point} />
                  </>
                )}
              </>
            }
          />
        );
      case 'state':
        return <PointState point={point} />;
      case 'contents':
        return <PointContents point={point} />;
      case 'by':
        return startedBy(point, t);
      case 'expires':
        return point.expiresAt ? (
          <RelativeTime time={point.expiresAt} style="day" />
        ) : (
          '–'
        );
      default:
        return <PointActions point={point} narrow={narrow} />;
    }
  };

  return (
    <ListFrame>
      <ListToolbar
        navigation={navigation}
        searchLabel={t('points.search')}
        stateLabel={t('points.filterState')}
        allLabel={t('points.allStates')}
        states={states.map(id => ({ id, label: t(`state.${id}`) }))}
      />
      {points.data?.truncated && (
        <span>{t('points.truncated', { shown: String(items.length) })}</span>
      )}
      <div ref={measure}>
        <TableRoot
          aria-label={t('points.list', { name: title })}
          sortDescriptor={readSort(location.sort)}
          onSortChange={descriptor =>
            navigation.refine({ sort: writeSort(descriptor) })
          }
        >
          <TableHeader columns={columns}>
            {column => (
              <Column
                id={column.id}
                className={columnStyle(columnClass, column.id, narrow)}
                isRowHeader={column.id === 'created'}
                allowsSorting={sortable.includes(column.id)}
              >
                {column.id === 'actions' ? (
                  <VisuallyHidden>{t('points.column.actions')}</VisuallyHidden>
                ) : (
                  t(`points.column.${column.id}`)
                )}
              </Column>
            )}
          </TableHeader>
          <TableBody
            items={rows}
            dependencies={[columns, location.point]}
            renderEmptyState={() => (
              <RowActions>
                <span>{t('points.none')}</span>
                <Button
                  variant="tertiary"
                  onPress={() => navigation.refine({ q: '', state: undefined })}
                >
                  {t('points.clearFilter')}
                </Button>
              </RowActions>
            )}
          >
            {row => (
              <Row
                id={row.id}
                className={rowStyle(row.id, location.point)}
                columns={columns}
                onAction={() => navigation.openPoint(row.point.name)}
              >
                {column => (
                  <Cell>
                    {cell((column as { id: ColumnId }).id, row.point)}
                  </Cell>
                )}
              </Row>
            )}
          </TableBody>
        </TableRoot>
      </div>
      <ListPages navigation={navigation} page={page} />
    </ListFrame>
  );
}
