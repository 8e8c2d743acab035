import { Alert } from '@backstage/ui';
import type { RestoreRunDetail } from '@lifeboat/backstage-plugin-backup-common';
import { formatDuration } from '../../format/formatDuration';
import { humanName } from '../../format/humanName';
import { isActive, isBeingUndone } from '../../hooks/activeRuns';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { DataAge } from '../DataAge/DataAge';
import { DetailPanel, DetailSection, Facts } from '../DetailPanel/DetailPanel';
import { RunLog } from '../LogView/RunLog';
import { RunProgress } from '../ProgressBar/RunProgress';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { PointLink } from '../RecoveryPoints/PointLink';
import { OpenResult } from '../Restores/OpenResult';
import { DetailSkeleton, DetailUnavailable } from '../RunDetail/DetailStates';
import { Findings } from '../RunDetail/Findings';
import { PhaseSteps } from '../RunDetail/PhaseSteps';
import { CancelRun } from '../RunDetail/CancelRun';
import { KubectlSection } from '../RunDetail/KubectlSection';
import { ResourceKinds } from '../RunDetail/ResourceKinds';
import styles from '../RunDetail/RunDetail.module.css';
import { RunFailure } from '../RunDetail/RunFailure';
import { RunStateBadge } from '../StateBadge/StateBadge';
import { VolumeList } from '../Volumes/VolumeList';
import { UndoRestore } from './UndoRestore';
import { UndoState } from './UndoState';

export interface RestoreDetailProps {
  name: string;
  /** The user has changed the restore here. */
  onChanged: () => void;
}

/** All about one restore; while it runs, how far it is. */
export function RestoreDetail({ name, onChanged }: RestoreDetailProps) {
  const t = useTranslate();
  const { api, entity, navigation, protection } = useBackups();
  const resource = usePolledResource<RestoreRunDetail>({
    key: `restore ${name} ${entity.cluster ?? ''}`,
    load: signal => api.getRestore(entity, name, { signal }),
    interval: run =>
      !run || isActive(run) || isBeingUndone(run) ? 1_500 : undefined,
  });
  const detail = resource.data;
  const lookAgain = () => {
    resource.reload();
    onChanged();
  };
  return (
    <DetailPanel
      title={t('restoreRun.title', { name })}
      onClose={navigation.close}
    >
      {!detail && resource.error && (
        <DetailUnavailable
          error={resource.error}
          goneTitle={t('restoreRun.goneTitle')}
          goneText={t('restoreRun.goneText')}
          onRetry={resource.reload}
        />
      )}
      {!detail && !resource.error && <DetailSkeleton />}
      {detail && (
        <>
          <DataAge resources={[resource]} />
          <div className={styles.state} role="status">
            <RunStateBadge state={detail.state} phase={detail.phase} />
            <RelativeTime time={detail.createdAt} style="calendar" />
            {detail.state === 'running' && (
              <RunProgress progress={detail.progress} />
            )}
          </div>
          <div className={styles.actions}>
            <CancelRun
              run={detail}
              allowed={protection.permissions.restore}
              cancel={() => api.cancelRestore(entity, name)}
              onCancelled={lookAgain}
            />
          </div>
          {detail.state === 'done' && detail.undo?.state !== 'done' && (
            <Alert
              status="success"
              icon
              title={t(
                detail.inPlace ? 'restoreRun.donePlace' : 'restoreRun.doneCopy',
                { namespace: detail.targetNamespace },
              )}
              description={
                detail.safetyPoint &&
                t('restoreRun.undo', { name: detail.safetyPoint })
              }
            />
          )}
          <RunFailure run={detail} />
          {detail.undo && <UndoState undo={detail.undo} />}
          <div className={styles.actions}>
            <OpenResult run={detail} />
            <UndoRestore
              run={detail}
              allowed={protection.permissions.restore}
              onAsked={lookAgain}
            />
          </div>
          {detail.notes.map(note => (
            <Alert key={note} status="info" icon title={note} />
          ))}
          <VolumeList volumes={detail.volumesList} wayBack />
          <Facts
            facts={[
              [
                t('restoreRun.from'),
                <PointLink key="from" name={detail.backup} />,
              ],
              [
                t('restoreRun.safetyPoint'),
                detail.safetyPoint && (
                  <PointLink key="safety" name={detail.safetyPoint} />
                ),
              ],
              [
                t('restoreRun.into'),
                detail.inPlace
                  ? t('restores.inPlace', {
                      namespace: detail.targetNamespace,
                    })
                  : detail.targetNamespace,
              ],
              [
                t('point.completed'),
                detail.completedAt && (
                  <RelativeTime time={detail.completedAt} style="absolute" />
                ),
              ],
              [
                t('point.duration'),
                detail.startedAt &&
                  detail.completedAt &&
                  formatDuration(
                    Date.parse(detail.completedAt) -
                      Date.parse(detail.startedAt),
                    t,
                  ),
              ],
              [
                t('point.by'),
                detail.requestedBy && humanName(detail.requestedBy),
              ],
            ]}
          />
          <PhaseSteps phases={detail.phases} />
          <Findings title={t('point.errors')} findings={detail.errorsList} />
          <Findings
            title={t('point.warnings')}
            findings={detail.warningsList}
          />
          {detail.resources.length > 0 && (
            <DetailSection title={t('point.resources')}>
              <ResourceKinds
                groups={detail.resources.map(group => ({
                  ...group,
                  objects: group.objects.map(object => ({
                    name: object.name,
                    result: t(`restoreRun.result.${object.result}`),
                  })),
                }))}
              />
            </DetailSection>
          )}
          <RunLog
            resourceKey={`restore ${name}`}
            fileName={`${name}.log`}
            running={isActive(detail)}
            load={signal => api.getRestoreLogs(entity, name, { signal })}
          />
          <KubectlSection command={detail.kubectl} />
        </>
      )}
    </DetailPanel>
  );
}
