import { ReactNode } from 'react';
import {
  RiCheckboxCircleFill,
  RiCloseCircleFill,
  RiDeleteBinLine,
  RiErrorWarningFill,
  RiForbidLine,
  RiLoader4Line,
  RiPauseCircleFill,
  RiQuestionFill,
  RiShieldCheckFill,
  RiShieldFlashFill,
  RiShieldLine,
  RiTimeLine,
} from '@remixicon/react';
import type {
  BackupSchedule,
  Protection,
  RunState,
} from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import styles from './StateBadge.module.css';

type Tone = 'success' | 'warning' | 'danger' | 'info' | 'neutral';

const iconSize = 18;

interface BadgeProps {
  tone: Tone;
  icon: ReactNode;
  children: ReactNode;
  title?: string;
  size?: 'normal' | 'large';
  turning?: boolean;
}

/** A state in words, with a shape and a colour that say the same. */
function Badge(props: BadgeProps) {
  const { tone, icon, children, title, size = 'normal', turning } = props;
  const classes = [styles.badge, styles[tone]];
  if (size === 'large') {
    classes.push(styles.large);
  }
  if (turning) {
    classes.push(styles.turning);
  }
  return (
    <span className={classes.join(' ')} title={title}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      {children}
    </span>
  );
}

const runLooks: Record<RunState, { tone: Tone; icon: ReactNode }> = {
  waiting: { tone: 'neutral', icon: <RiTimeLine size={iconSize} /> },
  running: { tone: 'info', icon: <RiLoader4Line size={iconSize} /> },
  'needs-attention': {
    tone: 'warning',
    icon: <RiErrorWarningFill size={iconSize} />,
  },
  done: { tone: 'success', icon: <RiCheckboxCircleFill size={iconSize} /> },
  failed: { tone: 'danger', icon: <RiCloseCircleFill size={iconSize} /> },
  cancelled: { tone: 'neutral', icon: <RiForbidLine size={iconSize} /> },
  deleting: { tone: 'neutral', icon: <RiDeleteBinLine size={iconSize} /> },
};

/** State of a backup or restore run; the phase as the cluster has it is the tooltip. */
export function RunStateBadge(props: { state: RunState; phase?: string }) {
  const t = useTranslate();
  const { state, phase } = props;
  return (
    <Badge
      {...runLooks[state]}
      turning={state === 'running'}
      title={phase ? t('state.phase', { phase }) : undefined}
    >
      {t(`state.${state}`)}
    </Badge>
  );
}

const protectionLooks: Record<
  Protection['state'],
  { tone: Tone; icon: ReactNode }
> = {
  protected: { tone: 'success', icon: <RiShieldCheckFill size={24} /> },
  'at-risk': { tone: 'warning', icon: <RiShieldFlashFill size={24} /> },
  unprotected: { tone: 'danger', icon: <RiShieldLine size={24} /> },
  unknown: { tone: 'neutral', icon: <RiQuestionFill size={24} /> },
};

/** State of the component as a whole. */
export function ProtectionBadge(props: { state: Protection['state'] }) {
  const t = useTranslate();
  return (
    <Badge {...protectionLooks[props.state]} size="large">
      {t(`protection.${props.state}`)}
    </Badge>
  );
}

/** State of a schedule. */
export function ScheduleStateBadge(props: {
  schedule: Pick<BackupSchedule, 'paused' | 'state' | 'reason'>;
}) {
  const t = useTranslate();
  const { paused, state, reason } = props.schedule;
  if (paused) {
    return (
      <Badge
        tone="neutral"
        icon={<RiPauseCircleFill size={iconSize} />}
        title={reason}
      >
        {t('schedules.paused')}
      </Badge>
    );
  }
  if (state === 'invalid') {
    return (
      <Badge
        tone="danger"
        icon={<RiCloseCircleFill size={iconSize} />}
        title={reason}
      >
        {t('schedules.invalid')}
      </Badge>
    );
  }
  if (state === 'new') {
    return (
      <Badge tone="neutral" icon={<RiTimeLine size={iconSize} />}>
        {t('schedules.isNew')}
      </Badge>
    );
  }
  return (
    <Badge tone="success" icon={<RiCheckboxCircleFill size={iconSize} />}>
      {t('schedules.active')}
    </Badge>
  );
}
