import {
  Alert,
  Button,
  ButtonIcon,
  Menu,
  MenuItem,
  MenuTrigger,
} from '@backstage/ui';
import { RiDeleteBinLine, RiHistoryLine, RiMore2Line } from '@remixicon/react';
import type { RecoveryPointDetail as Detail } from '@lifeboat/backstage-plugin-backup-common';
import {
  describeContents,
  volumesNotIncluded,
} from '../../format/describeContents';
import { describeVolumeData } from '../../format/describeVolumeData';
import { formatByteSize } from '../../format/formatByteSize';
import { formatDuration } from '../../format/formatDuration';
import { isActive } from '../../hooks/activeRuns';
import { useLanguage } from '../../hooks/useLanguage';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { DataAge } from '../DataAge/DataAge';
import { DetailPanel, DetailSection, Facts } from '../DetailPanel/DetailPanel';
import { Findings } from '../RunDetail/Findings';
import { PhaseSteps } from '../RunDetail/PhaseSteps';
import { RunFailure } from '../RunDetail/RunFailure';
import { DetailSkeleton, DetailUnavailable } from '../RunDetail/DetailStates';
import { CancelRun } from '../RunDetail/CancelRun';
import { KubectlSection } from '../RunDetail/KubectlSection';
import { ResourceKinds } from '../RunDetail/ResourceKinds';
import { RunLog } from '../LogView/RunLog';
import { RunProgress } from '../ProgressBar/RunProgress';
import { startedBy } from '../RecoveryPoints/startedBy';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { RunStateBadge } from '../StateBadge/StateBadge';
import { VolumeList } from '../Volumes/VolumeList';
import styles from '../RunDetail/RunDetail.module.css';

function DetailFacts({ detail }: { detail: Detail }) {
  const t = useTranslate();
  const locale = useLanguage();
  const { target, startedAt, completedAt, expiresAt, sizeBytes } = detail;
  return (
    <Facts
      facts={[
        [
          t('points.column.contents'),
          describeContents(
            { objects: detail.objects, volumes: detail.volumes?.included },
            t,
          ),
        ],
        [t('point.volumeData'), describeVolumeData(detail, t, locale)],
        [
          t('point.completed'),
          completedAt && <RelativeTime time={completedAt} style="absolute" />,
        ],
        [
          t('point.duration'),
          startedAt &&
            completedAt &&
            formatDuration(Date.parse(completedAt) - Date.parse(startedAt), t),
        ],
        [
          t('point.expires'),
          expiresAt && <RelativeTime time={expiresAt} style="absolute" />,
        ],
        [t('point.by'), startedBy(detail, t)],
        [
          t('point.source'),
          t('protection.namespaceOnCluster', {
            namespace: target.namespace,
            cluster: target.cluster,
          }),
        ],
        [
          t('point.selector'),
          target.selector ? (
            <code>{target.selector}</code>
          ) : (
            t('point.wholeNamespace')
          ),
        ],
        [t('point.location'), detail.storageLocation || undefined],
        [
          t('point.size'),
          sizeBytes === undefined
            ? undefined
            : formatByteSize(sizeBytes, locale),
        ],
      ]}
    />
  );
}

/** All about one recovery point. */
export function RecoveryPointDetail({ name }: { name: string }) {
  const t = useTranslate();
  const { api, entity, navigation, protection, points, askToDelete } =
    useBackups();
  const resource = usePolledResource<Detail>({
    key: `point ${name} ${entity.cluster ?? ''}`,
    load: signal => api.getRecoveryPoint(entity, name, { signal }),
    interval: point => (!point || isActive(point) ? 1_500 : undefined),
  });
  const detail = resource.data;
  const { permissions } = protection;
  const missing = detail ? volumesNotIncluded(detail) : 0;
  const notes = new Set(detail?.notes);
  if (missing > 0) {
    notes.add(t('count.objectsOnly', { count: missing }));
  }

  return (
    <DetailPanel title={t('point.title', { name })} onClose={navigation.close}>
      {!detail && resource.error && (
        <DetailUnavailable
          error={resource.error}
          goneTitle={t('point.goneTitle')}
          goneText={t('point.goneText')}
          onRetry={resource.reload}
        />
      )}
      {!detail && !resource.error && <DetailSkeleton />}
      {detail && (
        <>
          <DataAge resources={[resource]} />
          <div className={styles.state}>
            <RunStateBadge state={detail.state} phase={detail.phase} />
            <RelativeTime time={detail.createdAt} style="calendar" />
            {detail.state === 'running' && (
              <RunProgress progress={detail.progress} />
            )}
          </div>
          <div className={styles.actions}>
            <CancelRun
              run={detail}
              allowed={permissions.create}
              cancel={() => api.cancelRecoveryPoint(entity, name)}
              onCancelled={() => {
                resource.reload();
                points.reload();
              }}
            />
            {permissions.restore && detail.restorable && (
              <Button
                variant="secondary"
                iconStart={<RiHistoryLine />}
                onPress={() => navigation.startRestore(name)}
              >
                {t('action.restore')}
              </Button>
            )}
            {permissions.delete && detail.state !== 'deleting' && (
              <MenuTrigger>
                <ButtonIcon
                  variant="tertiary"
                  size="small"
                  icon={<RiMore2Line />}
                  aria-label={t('point.more')}
                />
                <Menu placement="bottom start">
                  <MenuItem
                    color="danger"
                    iconStart={<RiDeleteBinLine />}
                    onAction={() => askToDelete(detail)}
                  >
                    {t('action.delete')}
                  </MenuItem>
                </Menu>
              </MenuTrigger>
            )}
          </div>
          {[...notes].map(note => (
            <Alert key={note} status="info" icon title={note} />
          ))}
          <RunFailure run={detail} />
          <VolumeList volumes={detail.volumesList} />
          <DetailFacts detail={detail} />
          <PhaseSteps phases={detail.phases} />
          <Findings title={t('point.errors')} findings={detail.errorsList} />
          <Findings
            title={t('point.warnings')}
            findings={detail.warningsList}
          />
          {(isActive(detail) || detail.resources.length > 0) && (
            <DetailSection title={t('point.resources')}>
              <ResourceKinds
                groups={detail.resources.map(group => ({
                  kind: group.kind,
                  apiVersion: group.apiVersion,
                  objects: group.objects.map(object => ({ name: object })),
                }))}
              />
            </DetailSection>
          )}
          <RunLog
            resourceKey={`point ${name}`}
            fileName={`${name}.log`}
            running={isActive(detail)}
            load={signal => api.getRecoveryPointLogs(entity, name, { signal })}
          />
          <KubectlSection command={detail.kubectl} />
        </>
      )}
    </DetailPanel>
  );
}
