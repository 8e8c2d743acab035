import { useState } from 'react';
import { Text } from '@backstage/ui';
import type {
  RecoveryPoint,
  RecoveryPointDetail,
} from '@lifeboat/backstage-plugin-backup-common';
import { describeContents } from '../../format/describeContents';
import { describeVolumeData } from '../../format/describeVolumeData';
import { formatAbsoluteTime } from '../../format/formatDateTime';
import { useLanguage } from '../../hooks/useLanguage';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { ConfirmDialog } from '../ConfirmDialog/ConfirmDialog';

export interface DeletePointDialogProps {
  /** With its details, the size of its data is named. */
  point: RecoveryPoint | RecoveryPointDetail;
  onClose: () => void;
}

/** Asks before a recovery point and its data are gone for good, and says how much that is. */
export function DeletePointDialog({ point, onClose }: DeletePointDialogProps) {
  const t = useTranslate();
  const locale = useLanguage();
  const { api, entity, points, succeeded, fail, navigation } = useBackups();
  const [pending, setPending] = useState(false);
  const contents = [
    describeContents(
      { objects: point.objects, volumes: point.volumes?.included },
      t,
    ),
    'volumesList' in point && describeVolumeData(point, t, locale),
  ]
    .filter(Boolean)
    .join(', ');

  const remove = async () => {
    setPending(true);
    try {
      await api.deleteRecoveryPoint(entity, point.name);
      points.update(
        list =>
          list && {
            ...list,
            items: list.items.map(item =>
              item.name === point.name
                ? { ...item, state: 'deleting' as const, restorable: false }
                : item,
            ),
          },
      );
      points.reload();
      if (navigation.location.point === point.name) {
        navigation.close();
      }
      succeeded(t('points.deleteAsked', { name: point.name }));
    } catch (error) {
      fail(error);
    } finally {
      setPending(false);
      onClose();
    }
  };

  return (
    <ConfirmDialog
      title={t('deletePoint.title')}
      confirm={t('deletePoint.confirm')}
      pending={pending}
      onConfirm={remove}
      onClose={onClose}
    >
      <Text as="p">
        {t('deletePoint.text', {
          when: formatAbsoluteTime(Date.parse(point.createdAt), { locale }),
          name: point.name,
          contents: contents || '–',
        })}
      </Text>
      <Text as="p">{t('deletePoint.kept')}</Text>
    </ConfirmDialog>
  );
}
