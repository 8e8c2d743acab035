import type { RestoreRun } from '@lifeboat/backstage-plugin-backup-common';
import { listInterval } from '../../hooks/activeRuns';
import { LoadedList, loadAllPages, pageLimit } from '../../hooks/loadAllPages';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useBackups } from '../BackupsTab/BackupsContext';
import { SplitView } from '../BackupsTab/SplitView';
import { DataAge } from '../DataAge/DataAge';
import { RestoreDetail } from '../RestoreDetail/RestoreDetail';
import { RestoreList } from './RestoreList';

/** Restores, with the details of the chosen one. */
export function RestoresView() {
  const { api, entity, navigation } = useBackups();
  const { restore } = navigation.location;
  const restores = usePolledResource<LoadedList<RestoreRun>>({
    key: `restores ${entity.kind}:${entity.namespace}/${entity.name} ${
      entity.cluster ?? ''
    }`,
    load: signal =>
      loadAllPages(cursor =>
        api.listRestores(entity, { limit: pageLimit, cursor, signal }),
      ),
    interval: list => listInterval(list?.items),
  });
  return (
    <>
      <DataAge resources={[restores]} />
      <SplitView
        list={<RestoreList restores={restores} />}
        detail={
          restore && (
            <RestoreDetail
              key={restore}
              name={restore}
              onChanged={restores.reload}
            />
          )
        }
      />
    </>
  );
}
