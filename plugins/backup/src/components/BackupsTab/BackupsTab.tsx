import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Alert, Tab, TabList, TabPanel, Tabs } from '@backstage/ui';
import { useApi } from '@backstage/frontend-plugin-api';
import { useEntity } from '@backstage/plugin-catalog-react';
import {
  problemOf,
  ProblemCode,
  Protection,
  RecoveryPoint,
} from '@lifeboat/backstage-plugin-backup-common';
import { backupApiRef } from '../../backupApiRef';
import { isActive } from '../../hooks/activeRuns';
import { useKeptFocus } from '../../hooks/useKeptFocus';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useTabLocation, View, views } from '../../hooks/useTabLocation';
import { useTranslate } from '../../translations/useTranslate';
import { DataAge, SlowNotice } from '../DataAge/DataAge';
import { ErrorPanel, messageOf } from '../ProblemPanel/ErrorPanel';
import { ProblemPanel } from '../ProblemPanel/ProblemPanel';
import {
  ProtectionHeader,
  ProtectionHeaderSkeleton,
} from '../ProtectionHeader/ProtectionHeader';
import { DeletePointDialog } from '../RecoveryPoints/DeletePointDialog';
import { RecoveryPointsView } from '../RecoveryPoints/RecoveryPointsView';
import { RestoreFlow } from '../RestoreFlow/RestoreFlow';
import { RestoresView } from '../Restores/RestoresView';
import { SchedulesView } from '../Schedules/SchedulesView';
import { BackupsProvider } from './BackupsContext';
import styles from './BackupsTab.module.css';
import { ClusterChooser } from './ClusterChooser';
import { AdminNotices } from './AdminNotices';
import { HindranceNotices } from './HindranceNotices';
import { useRecoveryPoints } from './useRecoveryPoints';

/** With one of these there is nothing to show below it. */
const blocking: readonly ProblemCode[] = [
  'annotation-missing',
  'cluster-unknown',
  'choose-cluster',
  'consent-missing',
  'selector-invalid',
  'not-owner',
];

/** How long it is said what an action has done. */
const noticeMs = 12_000;

function protectionInterval(protection: Protection | undefined): number {
  return protection?.problem ? 5_000 : 15_000;
}

/** The tab "Backups" of a component. */
export function BackupsTab() {
  const t = useTranslate();
  const api = useApi(backupApiRef);
  const { entity: catalogEntity } = useEntity();
  const navigation = useTabLocation();
  const { location } = navigation;
  const { kind } = catalogEntity;
  const { name, namespace = 'default', title = name } = catalogEntity.metadata;
  const { cluster } = location;

  const entity = useMemo(
    () => ({ kind, namespace, name, cluster }),
    [kind, namespace, name, cluster],
  );
  const key = `${kind}:${namespace}/${name} ${cluster ?? ''}`.toLowerCase();

  const protection = usePolledResource({
    key: `protection ${key}`,
    load: signal => api.getProtection(entity, { signal }),
    interval: protectionInterval,
  });
  const problem =
    protection.data?.problem ??
    (protection.data ? undefined : problemOf(protection.error));
  const blocked = problem && blocking.includes(problem.code);

  const { points, expectPoint } = useRecoveryPoints(
    api,
    entity,
    protection.data && !blocked ? key : undefined,
  );

  const reloadProtection = protection.reload;
  const reloadPoints = points.reload;
  const activeCount = points.data?.items.filter(isActive).length ?? 0;
  const lastActiveCount = useRef(0);
  useEffect(() => {
    if (activeCount < lastActiveCount.current) {
      reloadProtection();
    }
    lastActiveCount.current = activeCount;
  }, [activeCount, reloadProtection]);

  const [notice, setNotice] = useState('');
  const [failure, setFailure] = useState<Error>();
  const [backingUp, setBackingUp] = useState(false);
  const [toDelete, setToDelete] = useState<RecoveryPoint>();

  const succeeded = useCallback(
    (text: string) => {
      setFailure(undefined);
      setNotice(text);
      reloadProtection();
      reloadPoints();
    },
    [reloadProtection, reloadPoints],
  );
  useEffect(() => {
    const timer = setTimeout(() => setNotice(''), noticeMs);
    return () => clearTimeout(timer);
  }, [notice]);
  const fail = useCallback((error: unknown) => {
    setNotice('');
    setFailure(error instanceof Error ? error : new Error(String(error)));
  }, []);

  const keptFocus = useKeptFocus();
  const showView = navigation.showView;
  const backUpNow = useCallback(async () => {
    setBackingUp(true);
    try {
      const point = await api.createRecoveryPoint(entity);
      expectPoint(point);
      showView('points');
      succeeded(t('points.started', { name: point.name }));
    } catch (error) {
      fail(error);
    } finally {
      setBackingUp(false);
    }
  }, [api, entity, expectPoint, showView, succeeded, fail, t]);

  if (problem && blocked) {
    return (
      <div className={styles.tab} data-testid="backups-tab">
        <ProblemPanel problem={problem}>
          {problem.code === 'choose-cluster' && (
            <ClusterChooser
              clusters={protection.data?.clusters ?? []}
              onChoose={navigation.chooseCluster}
            />
          )}
        </ProblemPanel>
      </div>
    );
  }
  if (!protection.data) {
    return (
      <div className={styles.tab} data-testid="backups-tab">
        {protection.error ? (
          <ErrorPanel
            title={t('age.failedTitle')}
            error={protection.error}
            onRetry={protection.reload}
          />
        ) : (
          <>
            <ProtectionHeaderSkeleton />
            <SlowNotice />
          </>
        )}
      </div>
    );
  }

  const { permissions } = protection.data;
  const empty = points.data?.items.length === 0;
  const hasRestorable = points.data?.items.some(point => point.restorable);
  const showsEmptyList =
    empty && location.view === 'points' && !location.flow && !location.point;
  const primary =
    permissions.create && !showsEmptyList
      ? {
          isPending: backingUp,
          isDisabled: Boolean(problem) || points.loading,
          onPress: backUpNow,
        }
      : undefined;

  return (
    <BackupsProvider
      value={{
        api,
        entity,
        title,
        navigation,
        protection: protection.data,
        points,
        expectPoint,
        succeeded,
        fail,
        backUpNow,
        backingUp,
        askToDelete: setToDelete,
      }}
    >
      <div
        ref={keptFocus}
        tabIndex={-1}
        className={styles.tab}
        data-testid="backups-tab"
      >
        <ProtectionHeader
          name={title}
          protection={protection.data}
          primary={location.flow ? undefined : primary}
          onRestore={
            permissions.restore && hasRestorable
              ? () => navigation.startRestore()
              : undefined
          }
          onNewSchedule={
            permissions.schedule ? navigation.openScheduleForm : undefined
          }
        />
        {protection.data.clusters.length > 1 && cluster && (
          <ClusterChooser
            clusters={protection.data.clusters}
            chosen={cluster}
            onChoose={navigation.chooseCluster}
          />
        )}
        <HindranceNotices protection={protection.data} />
        <AdminNotices />
        <DataAge resources={[protection, points]} />
        <div role="status" className={styles.notice}>
          {notice && <Alert status="success" icon title={notice} />}
        </div>
        {failure && (
          <div role="alert">
            {problemOf(failure) ? (
              <ProblemPanel problem={problemOf(failure)!} />
            ) : (
              <Alert
                status="danger"
                icon
                title={t('problem.actionFailed')}
                description={messageOf(failure)}
              />
            )}
          </div>
        )}
        {location.flow === 'restore' ? (
          <RestoreFlow />
        ) : (
          <Tabs
            selectedKey={location.view}
            onSelectionChange={selected => {
              if (selected !== location.view) {
                setNotice('');
                navigation.showView(selected as View);
              }
            }}
          >
            <TabList aria-label={t('tab.views')}>
              {views.map(view => (
                <Tab key={view} id={view}>
                  {t(`tab.${view}`)}
                </Tab>
              ))}
            </TabList>
            <TabPanel id="points" className={styles.panel}>
              <RecoveryPointsView />
            </TabPanel>
            <TabPanel id="restores" className={styles.panel}>
              <RestoresView />
            </TabPanel>
            <TabPanel id="schedules" className={styles.panel}>
              <SchedulesView />
            </TabPanel>
          </Tabs>
        )}
        {toDelete && (
          <DeletePointDialog
            point={toDelete}
            onClose={() => setToDelete(undefined)}
          />
        )}
      </div>
    </BackupsProvider>
  );
}
