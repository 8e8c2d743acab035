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
import { RiFileListLine, RiMore2Line } from '@remixicon/react';
import type {
  RestoreRun,
  RunState,
} from '@lifeboat/backstage-plugin-backup-common';
import { describeReason } from '../../format/describeReason';
import { describeUndo } from '../../format/describeUndo';
import { humanName } from '../../format/humanName';
import { LoadedList } from '../../hooks/loadAllPages';
import { refineList } from '../../hooks/refineList';
import { useContainerWidth } from '../../hooks/useContainerWidth';
import { PolledResource } from '../../hooks/usePolledResource';
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
import { RunProgress } from '../ProgressBar/RunProgress';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { RunStateBadge } from '../StateBadge/StateBadge';
import { OpenResult } from './OpenResult';
import { restoreRules } from './restoreRules';

const states: RunState[] = [
  'done',
  'needs-attention',
  'failed',
  'running',
  'waiting',
  'cancelled',
];

type ColumnId = 'created' | 'state' | 'into' | 'from' | 'by' | 'actions';

/** The columns that a width has room for; all when it is not known. */
export function restoreColumns(width: number | undefined): ColumnId[] {
  if (width !== undefined && width < 560) {
    return ['created', 'actions'];
  }
  if (width !== undefined && width < 900) {
    return ['created', 'state', 'into', 'actions'];
  }
  return ['created', 'state', 'into', 'from', 'by', 'actions'];
}

const columnClass: Partial<Record<ColumnId, string>> = {
  created: columnStyles.name,
  by: columnStyles.narrow,
  actions: columnStyles.wideActions,
};

const sortable: readonly ColumnId[] = ['created', 'state', 'into', 'from'];

function RestoreState({ run }: { run: RestoreRun }) {
  const t = useTranslate();
  return (
    <TwoLines
      first={<RunStateBadge state={run.state} phase={run.phase} />}
      second={
        run.state === 'running' ? (
          <RunProgress progress={run.progress} />
        ) : (
          describeUndo(run.undo, t) ??
          (run.state !== 'done' && describeReason(run.reason, t))
        )
      }
    />
  );
}

function RestoreActions({ run, narrow }: { run: RestoreRun; narrow: boolean }) {
  const t = useTranslate();
  const { navigation } = useBackups();
  return (
    <RowActions>
      {!narrow && <OpenResult run={run} />}
      <MenuTrigger>
        <ButtonIcon
          variant="tertiary"
          size="small"
          icon={<RiMore2Line />}
          aria-label={t('action.moreFor', { name: run.name })}
        />
        <Menu placement="bottom end">
          <MenuItem
            iconStart={<RiFileListLine />}
            onAction={() => navigation.openRestore(run.name)}
          >
            {t('action.details')}
          </MenuItem>
        </Menu>
      </MenuTrigger>
    </RowActions>
  );
}

export interface RestoreListProps {
  restores: PolledResource<LoadedList<RestoreRun>>;
}

/** The restores of a component. */
export function RestoreList({ restores }: RestoreListProps) {
  const t = useTranslate();
  const { navigation, title } = useBackups();
  const { location } = navigation;
  const [measure, width] = useContainerWidth();
  const columns = useMemo(
    () => restoreColumns(width).map(id => ({ id })),
    [width],
  );
  const items = restores.data?.items;
  const page = useMemo(
    () => refineList(items ?? [], location, restoreRules, pageSize),
    [items, location],
  );
  const rows = useMemo(
    () => page.rows.map(run => ({ id: run.name, run })),
    [page],
  );

  if (!items) {
    return restores.error ? (
      <ErrorPanel
        title={t('age.failedTitle')}
        error={restores.error}
        onRetry={restores.reload}
      />
    ) : (
      <ListSkeleton />
    );
  }
  if (items.length === 0) {
    return (
      <EmptyList
        title={t('restores.emptyTitle')}
        text={t('restores.emptyText', { name: title })}
      />
    );
  }

  const narrow = !columns.some(({ id }) => id === 'state');
  const target = (run: RestoreRun) =>
    run.inPlace
      ? t('restores.inPlace', { namespace: run.targetNamespace })
      : run.targetNamespace;
  const cell = (id: ColumnId, run: RestoreRun) => {
    switch (id) {
      case 'created':
        return (
          <TwoLines
            first={<RelativeTime time={run.createdAt} style="calendar" />}
            second={
              <>
                <div>{run.name}</div>
                {narrow && (
                  <>
                    <div>{target(run)}</div>
                    <RestoreState run={run} />
                  </>
                )}
              </>
            }
          />
        );
      case 'state':
        return <RestoreState run={run} />;
      case 'into':
        return target(run);
      case 'from':
        return run.backup;
      case 'by':
        return run.requestedBy ? humanName(run.requestedBy) : '–';
      default:
        return <RestoreActions run={run} narrow={narrow} />;
    }
  };

  return (
    <ListFrame>
      <ListToolbar
        navigation={navigation}
        searchLabel={t('restores.search')}
        stateLabel={t('points.filterState')}
        allLabel={t('points.allStates')}
        states={states.map(id => ({ id, label: t(`state.${id}`) }))}
      />
      <div ref={measure}>
        <TableRoot
          aria-label={t('restores.list', { name: title })}
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
                  <VisuallyHidden>
                    {t('restores.column.actions')}
                  </VisuallyHidden>
                ) : (
                  t(`restores.column.${column.id}`)
                )}
              </Column>
            )}
          </TableHeader>
          <TableBody
            items={rows}
            dependencies={[columns, location.restore]}
            renderEmptyState={() => (
              <RowActions>
                <span>{t('restores.none')}</span>
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
                className={rowStyle(row.id, location.restore)}
                columns={columns}
                onAction={() => navigation.openRestore(row.run.name)}
              >
                {column => (
                  <Cell>{cell((column as { id: ColumnId }).id, row.run)}</Cell>
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
