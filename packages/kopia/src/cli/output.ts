/** Where a command writes. */
export interface Output {
  /** Standard output. */
  write(text: string | Buffer): void;
  /** Standard error, for people. */
  note(text: string): void;
  /** Replaces the last progress line, on terminals only. */
  progress(text: string): void;
  /** Ends the progress line. */
  done(): void;
}

/** Bytes for people, like "1.5 GiB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/** Control characters in names could rewrite what a terminal shows. */
export function printable(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f]/g,
    character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const progressIntervalMs = 100;

/** The process's own outputs. */
export function processOutput(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
): Output {
  let open = false;
  let shown = -Infinity;
  const end = () => {
    if (open) stderr.write('\n');
    open = false;
  };
  return {
    write: text => void stdout.write(text),
    note(text) {
      end();
      stderr.write(`${text}\n`);
    },
    progress(text) {
      if (!stderr.isTTY || performance.now() - shown < progressIntervalMs)
        return;
      shown = performance.now();
      stderr.write(`\r\u001b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
      open = true;
    },
    done: end,
  };
}
