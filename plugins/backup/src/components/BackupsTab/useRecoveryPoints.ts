import { useCallback, useEffect, useMemo, useState } from 'react';
import type {
  BackupApi,
  EntityOnCluster,
  RecoveryPoint,
} from '@lifeboat/backstage-plugin-backup-common';
import { listInterval } from '../../hooks/activeRuns';
import { LoadedList, loadAllPages, pageLimit } from '../../hooks/loadAllPages';
import { Awaited, mergeAwaited } from '../../hooks/mergeAwaited';
import {
  PolledResource,
  usePolledResource,
} from '../../hooks/usePolledResource';

/** The recovery points of an entity, kept fresh, with those just asked for. */
export function useRecoveryPoints(
  api: BackupApi,
  entity: EntityOnCluster,
  key: string | undefined,
): {
  points: PolledResource<LoadedList<RecoveryPoint>>;
  expectPoint(point: RecoveryPoint): void;
} {
  const [awaited, setAwaited] = useState<Awaited<RecoveryPoint>[]>([]);
  const server = usePolledResource<LoadedList<RecoveryPoint>>({
    key: key && `points ${key}`,
    load: signal =>
      loadAllPages(cursor =>
        api.listRecoveryPoints(entity, { limit: pageLimit, cursor, signal }),
      ),
    interval: list => (awaited.length > 0 ? 1_500 : listInterval(list?.items)),
  });
  const { data, reload } = server;
  useEffect(() => {
    const names = new Set(data?.items.map(item => item.name));
    setAwaited(previous =>
      previous.some(({ item }) => names.has(item.name))
        ? previous.filter(({ item }) => !names.has(item.name))
        : previous,
    );
  }, [data]);
  const merged = useMemo(() => {
    if (!data) {
      return undefined;
    }
    return { ...data, items: mergeAwaited(data.items, awaited, Date.now()) };
  }, [data, awaited]);
  const expectPoint = useCallback(
    (point: RecoveryPoint) => {
      const since = Date.now();
      setAwaited(previous => [
        { item: point, since },
        ...previous.filter(other => since - other.since < 60_000),
      ]);
      reload();
    },
    [reload],
  );
  return { points: { ...server, data: merged }, expectPoint };
}
