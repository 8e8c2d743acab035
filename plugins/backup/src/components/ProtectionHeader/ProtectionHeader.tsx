import { ReactNode } from 'react';
import {
  Button,
  ButtonIcon,
  Menu,
  MenuItem,
  MenuTrigger,
  Skeleton,
} from '@backstage/ui';
import {
  RiFileCopyLine,
  RiHistoryLine,
  RiMore2Line,
  RiTimeLine,
} from '@remixicon/react';
import useCopyToClipboard from 'react-use/lib/useCopyToClipboard';
import type { Protection } from '@lifeboat/backstage-plugin-backup-common';
import { describeContents } from '../../format/describeContents';
import { useTranslate } from '../../translations/useTranslate';
import { RelativeTime } from '../RelativeTime/RelativeTime';
import { ProtectionBadge } from '../StateBadge/StateBadge';
import styles from './ProtectionHeader.module.css';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}:</dt>
      <dd>{children}</dd>
    </div>
  );
}

function clusterTitle(protection: Protection): string | undefined {
  const name = protection.target?.cluster;
  return (
    protection.clusters.find(cluster => cluster.name === name)?.title ?? name
  );
}

export interface ProtectionHeaderProps {
  /** Title of the component, for the accessible name. */
  name: string;
  protection: Protection;
  /** The button; left out where the page offers it elsewhere. */
  primary?: { isPending: boolean; isDisabled: boolean; onPress: () => void };
  onRestore?: () => void;
  onNewSchedule?: () => void;
}

/** What is protected, how old the last point is, what comes next, and where it all is. */
export function ProtectionHeader(props: ProtectionHeaderProps) {
  const t = useTranslate();
  const [, copy] = useCopyToClipboard();
  const { name, protection, primary, onRestore, onNewSchedule } = props;
  const { target } = protection;
  const last =
    protection.lastPoint && describeContents(protection.lastPoint, t);
  const found = describeContents(
    { objects: protection.objectCount, volumes: protection.volumeCount },
    t,
  );
  const kubectl =
    target && `kubectl get backups.velero.io -n ${target.controlNamespace}`;
  return (
    <section
      className={styles.header}
      aria-label={t('protection.label', { name })}
    >
      <div className={styles.main}>
        <div className={styles.state}>
          <ProtectionBadge state={protection.state} />
          <span className={styles.reason}>{protection.reason}</span>
        </div>
        <dl className={styles.facts}>
          <Fact name={t('protection.lastPoint')}>
            {protection.lastPoint ? (
              <>
                <RelativeTime time={protection.lastPoint.completedAt} />
                {last && `, ${last}`}
              </>
            ) : (
              t('protection.never')
            )}
          </Fact>
          <Fact name={t('protection.nextRun')}>
            {protection.nextRun ? (
              <RelativeTime time={protection.nextRun} style="calendar" />
            ) : (
              t('protection.noSchedule')
            )}
          </Fact>
          {!last && found && (
            <Fact name={t('protection.found')}>
              {t('protection.foundAndMore', { contents: found })}
            </Fact>
          )}
          {target && (
            <Fact name={t('protection.where')}>
              {t('protection.namespaceOnCluster', {
                namespace: target.namespace,
                cluster: clusterTitle(protection) ?? target.cluster,
              })}
            </Fact>
          )}
        </dl>
      </div>
      <div className={styles.actions}>
        {primary && (
          <Button variant="primary" size="medium" {...primary}>
            {t('action.backUpNow')}
          </Button>
        )}
        <MenuTrigger>
          <ButtonIcon
            variant="secondary"
            size="medium"
            icon={<RiMore2Line />}
            aria-label={t('action.more')}
          />
          <Menu placement="bottom end">
            {onRestore ? (
              <MenuItem iconStart={<RiHistoryLine />} onAction={onRestore}>
                {t('action.restore')}
              </MenuItem>
            ) : null}
            {onNewSchedule ? (
              <MenuItem iconStart={<RiTimeLine />} onAction={onNewSchedule}>
                {t('action.newSchedule')}
              </MenuItem>
            ) : null}
            {kubectl ? (
              <MenuItem
                iconStart={<RiFileCopyLine />}
                onAction={() => copy(kubectl)}
              >
                {t('protection.menuKubectl')}
              </MenuItem>
            ) : null}
          </Menu>
        </MenuTrigger>
      </div>
    </section>
  );
}

/** The header's shape while its content is awaited. */
export function ProtectionHeaderSkeleton() {
  const t = useTranslate();
  return (
    <div className={styles.header} role="status" aria-label={t('age.loading')}>
      <div className={styles.main}>
        <Skeleton width="40%" height={24} />
        <Skeleton width="70%" height={18} />
      </div>
      <Skeleton width={130} height={40} />
    </div>
  );
}
