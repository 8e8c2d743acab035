import { useCallback, useMemo } from 'react';
import { useLocation, useSearchParams } from 'react-router-dom';

/** The lists of the tab. */
export const views = ['points', 'restores', 'schedules'] as const;
/** One of the lists of the tab. */
export type View = (typeof views)[number];

/** All that the tab shows, as the URL says it. */
export interface TabLocation {
  view: View;
  /** Name of the recovery point whose details are open (or that is being restored). */
  point?: string;
  /** Name of the restore whose details are open. */
  restore?: string;
  /** A flow that takes the whole tab. */
  flow?: 'restore';
  /** The form for a new schedule is open. */
  form?: 'schedule';
  /** The cluster chosen by the user. */
  cluster?: string;
  /** Text that the list is searched for. */
  q: string;
  /** State that the list is filtered by. */
  state?: string;
  /** Column and direction: `created`, or `-created` for descending. */
  sort: string;
  /** Page of the list, from 1. */
  page: number;
}

/** Values that an absent parameter has. */
const defaults = { view: 'points', q: '', sort: '-created', page: 1 } as const;

/** Reads the tab's location from a query; anything unknown counts as absent. */
export function readTabLocation(query: URLSearchParams): TabLocation {
  const view = views.find(name => name === query.get('view'));
  const page = Number(query.get('page'));
  return {
    view: view ?? defaults.view,
    point: query.get('point') || undefined,
    restore: query.get('restore') || undefined,
    flow: query.get('flow') === 'restore' ? 'restore' : undefined,
    form: query.get('form') === 'schedule' ? 'schedule' : undefined,
    cluster: query.get('cluster') || undefined,
    q: query.get('q') ?? defaults.q,
    state: query.get('state') || undefined,
    sort: query.get('sort') || defaults.sort,
    page: Number.isInteger(page) && page > 0 ? page : defaults.page,
  };
}

/** The query with some values changed; values that are the default disappear from it. */
export function writeTabLocation(
  query: URLSearchParams,
  change: Partial<TabLocation>,
): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(change)) {
    if (
      value === undefined ||
      value === (defaults as Record<string, unknown>)[key]
    ) {
      next.delete(key);
    } else {
      next.set(key, String(value));
    }
  }
  return next;
}

/** What a change of place forgets: the list's own state and what was open. */
const closed = {
  point: undefined,
  restore: undefined,
  flow: undefined,
  form: undefined,
} as const;
const unfiltered = {
  q: defaults.q,
  state: undefined,
  sort: defaults.sort,
  page: defaults.page,
} as const;

/** Moves within the tab. Everything is in the query of the URL, so that it can be linked to and survives a reload. */
export interface TabNavigation {
  location: TabLocation;
  /** Another list, with nothing open. */
  showView(view: View): void;
  /** Details of a recovery point beside its list. */
  openPoint(name: string): void;
  /** Address of a recovery point's details, for links. */
  pointHref(name: string): string;
  /** Details of a restore beside its list. */
  openRestore(name: string): void;
  /** Closes what is open; the list stays as it was. */
  close(): void;
  /** The restore flow, with a point chosen or not. */
  startRestore(point?: string): void;
  /** The form for a new schedule. */
  openScheduleForm(): void;
  /** Changes filter, sort or page without a new entry in the history. */
  refine(
    change: Pick<Partial<TabLocation>, 'q' | 'state' | 'sort' | 'page'>,
  ): void;
  /** Chooses a cluster. */
  chooseCluster(name: string): void;
}

export function useTabLocation(): TabNavigation {
  const [query, setQuery] = useSearchParams();
  const { pathname } = useLocation();
  const location = useMemo(() => readTabLocation(query), [query]);
  const go = useCallback(
    (change: Partial<TabLocation>, options?: { replace: boolean }) =>
      setQuery(previous => writeTabLocation(previous, change), options),
    [setQuery],
  );
  return useMemo(
    () => ({
      location,
      showView: view => go({ ...closed, ...unfiltered, view }),
      openPoint: point => {
        const list = location.view === 'points' ? {} : unfiltered;
        go({ ...closed, ...list, view: 'points', point });
      },
      pointHref: point =>
        `${pathname}?${writeTabLocation(query, {
          ...closed,
          ...unfiltered,
          view: 'points',
          point,
        })}`,
      openRestore: restore => {
        const list = location.view === 'restores' ? {} : unfiltered;
        go({ ...closed, ...list, view: 'restores', restore });
      },
      close: () => go(closed),
      startRestore: point => go({ ...closed, flow: 'restore', point }),
      openScheduleForm: () =>
        go({ ...closed, ...unfiltered, view: 'schedules', form: 'schedule' }),
      refine: change => go({ page: 1, ...change }, { replace: true }),
      chooseCluster: cluster => go({ ...closed, ...unfiltered, cluster }),
    }),
    [location, go, pathname, query],
  );
}
