import { useBackups } from '../BackupsTab/BackupsContext';
import { SplitView } from '../BackupsTab/SplitView';
import { RecoveryPointDetail } from '../RecoveryPointDetail/RecoveryPointDetail';
import { RecoveryPointList } from './RecoveryPointList';

/** Recovery points, with the details of the chosen one. */
export function RecoveryPointsView() {
  const { point } = useBackups().navigation.location;
  return (
    <SplitView
      list={<RecoveryPointList />}
      detail={point && <RecoveryPointDetail key={point} name={point} />}
    />
  );
}
