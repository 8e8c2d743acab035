import { CopyButton } from './CopyButton';
import styles from './CommandBlock.module.css';

export interface CommandBlockProps {
  /** A command or a piece of YAML, exactly as it is to be used. */
  text: string;
  /** What it is: "command", "YAML". */
  what: string;
}

/** Text for a terminal or a file, with a copy button. */
export function CommandBlock({ text, what }: CommandBlockProps) {
  return (
    <div className={styles.block}>
      <pre className={styles.code}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
