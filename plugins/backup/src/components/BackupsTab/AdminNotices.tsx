import { Alert } from '@backstage/ui';
import type { Status } from '@lifeboat/backstage-plugin-backup-common';
import { backupAdminReadPermission } from '@lifeboat/backstage-plugin-backup-common';
import { usePermission } from '@backstage/plugin-permission-react';
import { usePolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from './BackupsContext';

const intervalMs = 60_000;

function Notices() {
  const t = useTranslate();
  const { api, protection } = useBackups();
  const status = usePolledResource<Status>({
    key: 'status',
    load: signal => api.getStatus({ signal }),
    interval: () => intervalMs,
  });
  const cluster = status.data?.clusters.find(
    ({ name }) => name === protection.target?.cluster,
  );
  return (
    <>
      {(cluster?.engine.warnings ?? []).map(message => (
        <Alert
          key={message}
          status="warning"
          icon
          title={t('problem.forAdmins')}
          description={message}
        />
      ))}
    </>
  );
}

/** What administrators of the installation should see to. Nothing for others. */
export function AdminNotices() {
  const { allowed } = usePermission({ permission: backupAdminReadPermission });
  return allowed ? <Notices /> : null;
}
