import { ReactNode } from 'react';
import { SearchField, Select, Skeleton, TablePagination } from '@backstage/ui';
import { RefinedPage } from '../../hooks/refineList';
import { TabNavigation } from '../../hooks/useTabLocation';
import { useTranslate } from '../../translations/useTranslate';
import { SlowNotice } from '../DataAge/DataAge';
import styles from './ListFrame.module.css';

/** The style of a row, which is marked while its entry is shown beside the list. */
export function rowStyle(id: string, open: string | undefined) {
  return id === open ? styles.openRow : undefined;
}

/** Rows of a list that are shown at once. */
export const pageSize = 20;

/** The key of "no filter": a select has no empty choice. */
const everything = 'all';

export interface ListToolbarProps {
  navigation: TabNavigation;
  searchLabel: string;
  states: { id: string; label: string }[];
  allLabel: string;
  stateLabel: string;
}

/** Search and filter of a list; their values are in the URL. */
export function ListToolbar(props: ListToolbarProps) {
  const { navigation, searchLabel, states, allLabel, stateLabel } = props;
  const { q, state } = navigation.location;
  return (
    <div className={styles.toolbar} role="search" aria-label={searchLabel}>
      <SearchField
        size="small"
        aria-label={searchLabel}
        placeholder={searchLabel}
        value={q}
        onChange={value => navigation.refine({ q: value })}
      />
      <Select
        size="small"
        aria-label={stateLabel}
        options={[{ id: everything, label: allLabel }, ...states]}
        value={state ?? everything}
        onChange={value =>
          navigation.refine({
            state: value === everything ? undefined : String(value),
          })
        }
      />
    </div>
  );
}

export interface ListPagesProps {
  navigation: TabNavigation;
  page: RefinedPage<unknown>;
}

/** Pages of a list; nothing when one page holds all. */
export function ListPages({ navigation, page }: ListPagesProps) {
  const t = useTranslate();
  const { total, offset, page: number } = page;
  if (total <= pageSize) {
    return null;
  }
  return (
    <TablePagination
      pageSize={pageSize}
      offset={offset}
      totalCount={total}
      showPageSizeOptions={false}
      hasNextPage={offset + pageSize < total}
      hasPreviousPage={number > 1}
      onNextPage={() => navigation.refine({ page: number + 1 })}
      onPreviousPage={() => navigation.refine({ page: number - 1 })}
      getLabel={() =>
        t('points.shown', {
          from: String(offset + 1),
          to: String(Math.min(offset + pageSize, total)),
          total: String(total),
        })
      }
    />
  );
}

export function ListFrame({ children }: { children: ReactNode }) {
  return <div className={styles.frame}>{children}</div>;
}

/** The shape of a list while its rows are awaited. */
export function ListSkeleton() {
  const t = useTranslate();
  return (
    <div
      className={styles.skeleton}
      role="status"
      aria-label={t('age.loading')}
    >
      {[1, 2, 3, 4].map(row => (
        <Skeleton key={row} width="100%" height={40} />
      ))}
      <SlowNotice />
    </div>
  );
}

export interface EmptyListProps {
  title: string;
  text: string;
  children?: ReactNode;
}

/** What a list is for, while it has nothing. */
export function EmptyList({ title, text, children }: EmptyListProps) {
  return (
    <div className={styles.empty}>
      <h3 className={styles.emptyTitle}>{title}</h3>
      <p className={styles.emptyText}>{text}</p>
      {children}
    </div>
  );
}

/** Two lines in a cell, the second one quieter. */
export function TwoLines(props: { first: ReactNode; second?: ReactNode }) {
  return (
    <div className={styles.cell}>
      <div>{props.first}</div>
      {props.second && <div className={styles.secondary}>{props.second}</div>}
    </div>
  );
}

/** How wide a column is beside the others. */
export const columnStyles = {
  name: styles.nameColumn,
  narrow: styles.narrowColumn,
  wide: styles.wideColumn,
  actions: styles.actionsColumn,
  wideActions: styles.wideActionsColumn,
  menu: styles.menuColumn,
};

/** The class of a column's cells. Narrow tables leave the widths to the browser, but for the menu at the end. */
export function columnStyle<Id extends string>(
  classes: Partial<Record<Id, string>>,
  id: Id,
  narrow: boolean,
): string | undefined {
  if (narrow) {
    return id === 'actions' ? columnStyles.menu : undefined;
  }
  return classes[id];
}

/** Buttons at the end of a row. */
export function RowActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
