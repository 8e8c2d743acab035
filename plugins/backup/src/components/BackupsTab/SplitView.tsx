import { ReactNode } from 'react';
import styles from './BackupsTab.module.css';

/** A list, with details beside it where there is room and instead of it where there is none. */
export function SplitView(props: { list: ReactNode; detail?: ReactNode }) {
  return (
    <div className={styles.split} data-open={Boolean(props.detail)}>
      <div className={styles.list}>{props.list}</div>
      {props.detail}
    </div>
  );
}
