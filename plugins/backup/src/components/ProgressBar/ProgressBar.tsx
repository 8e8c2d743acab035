import LinearProgress from '@material-ui/core/LinearProgress';

export interface ProgressBarProps {
  label: string;
  /** 0 to 1; undefined while the whole is not known yet. */
  share?: number;
}

/** A thin bar; the numbers stand beside it. Material UI: Backstage UI has no counterpart. */
export function ProgressBar({ label, share }: ProgressBarProps) {
  return (
    <LinearProgress
      aria-label={label}
      variant={share === undefined ? 'indeterminate' : 'determinate'}
      value={share === undefined ? undefined : Math.round(share * 100)}
    />
  );
}
