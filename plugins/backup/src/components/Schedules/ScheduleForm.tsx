import { FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { Button, Select, TextField } from '@backstage/ui';
import type { BackupSchedule } from '@lifeboat/backstage-plugin-backup-common';
import { describeCron, previewCron } from '../../format/describeCron';
import {
  formatAbsoluteTime,
  formatCalendarTime,
} from '../../format/formatDateTime';
import { useLanguage } from '../../hooks/useLanguage';
import { useNow } from '../../hooks/useNow';
import { PolledResource } from '../../hooks/usePolledResource';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import styles from './Schedules.module.css';

/** Ready-made cron expressions. */
const presets = {
  hourly: '0 * * * *',
  nightly: '0 2 * * *',
  weekdays: '0 2 * * 1-5',
  weekly: '0 3 * * 0',
} as const;

type Preset = keyof typeof presets | 'custom';
const presetNames: Preset[] = [
  'hourly',
  'nightly',
  'weekdays',
  'weekly',
  'custom',
];

/** Days that points may be kept for. */
const keptDays = [7, 14, 30, 90, 365];

function viewerTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

export interface ScheduleFormProps {
  schedules: PolledResource<BackupSchedule[]>;
}

/** A new schedule: when, for how long, and when it will run next. */
export function ScheduleForm({ schedules }: ScheduleFormProps) {
  const t = useTranslate();
  const locale = useLanguage();
  const now = useNow(30_000);
  const { api, entity, navigation, succeeded } = useBackups();
  const viewerZone = viewerTimeZone();
  const zones = [...new Set([viewerZone, 'UTC'])];
  const [preset, setPreset] = useState<Preset>('nightly');
  const [cron, setCron] = useState<string>(presets.nightly);
  const [timeZone, setTimeZone] = useState(viewerZone);
  const [days, setDays] = useState(30);
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  const preview = useMemo(
    () => previewCron(cron, timeZone, now),
    [cron, timeZone, now],
  );
  const never = preview.valid && preview.next.length === 0;
  const usable = preview.valid && !never;

  const create = async (event: FormEvent) => {
    event.preventDefault();
    if (!preview.valid || never || pending) {
      return;
    }
    setPending(true);
    setFailure(undefined);
    try {
      const created = await api.createSchedule(entity, {
        cron: cron.trim(),
        timeZone,
        ttl: `${days * 24}h0m0s`,
      });
      schedules.update(items => [
        created,
        ...(items ?? []).filter(item => item.name !== created.name),
      ]);
      schedules.reload();
      navigation.close();
      succeeded(
        t('schedules.created', {
          when: formatCalendarTime(
            Date.parse(created.nextRuns[0] ?? '') || preview.next[0],
            Date.now(),
            { locale },
            t,
          ),
        }),
      );
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setPending(false);
    }
  };

  return (
    <form className={styles.form} onSubmit={create}>
      <h3 className={styles.title} tabIndex={-1} ref={heading}>
        {t('scheduleForm.title')}
      </h3>
      <div className={styles.fields}>
        <Select
          label={t('scheduleForm.preset')}
          options={presetNames.map(id => ({
            id,
            label: t(`scheduleForm.presets.${id}`),
          }))}
          value={preset}
          onChange={value => {
            const chosen = value as Preset;
            setPreset(chosen);
            if (chosen !== 'custom') {
              setCron(presets[chosen]);
            }
          }}
        />
        <TextField
          label={t('scheduleForm.cron')}
          description={t('scheduleForm.cronDescription')}
          value={cron}
          onChange={value => {
            setCron(value);
            setPreset('custom');
          }}
          isInvalid={!usable}
        />
        <Select
          label={t('scheduleForm.timeZone')}
          options={zones.map(id => ({ id, label: id }))}
          value={timeZone}
          onChange={value => setTimeZone(String(value))}
        />
        <Select
          label={t('scheduleForm.kept')}
          options={keptDays.map(count => ({
            id: String(count),
            label: t('scheduleForm.keptDays', { count }),
          }))}
          value={String(days)}
          onChange={value => setDays(Number(value))}
        />
      </div>
      <div className={styles.preview} aria-live="polite">
        {!preview.valid && (
          <span className={styles.error}>
            {t('scheduleForm.cronInvalid', { message: preview.message })}
          </span>
        )}
        {never && (
          <span className={styles.error}>{t('scheduleForm.cronNever')}</span>
        )}
        {usable && (
          <>
            <span className={styles.sentence}>
              {describeCron(cron, locale)}
            </span>
            <span>{t('scheduleForm.next', { zone: viewerZone })}</span>
            <ol className={styles.runs}>
              {preview.next.map(time => (
                <li key={time}>{formatAbsoluteTime(time, { locale })}</li>
              ))}
            </ol>
          </>
        )}
      </div>
      {failure && (
        <ErrorPanel title={t('scheduleForm.failed')} error={failure} />
      )}
      <div className={styles.buttons}>
        <Button
          type="submit"
          variant="primary"
          isPending={pending}
          isDisabled={!usable}
        >
          {t('scheduleForm.create')}
        </Button>
        <Button variant="secondary" onPress={navigation.close}>
          {t('action.cancel')}
        </Button>
      </div>
    </form>
  );
}
