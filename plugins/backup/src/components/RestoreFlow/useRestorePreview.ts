import { useEffect, useRef, useState } from 'react';
import type {
  BackupApi,
  EntityOnCluster,
  RestorePreview,
  RestorePreviewRequest,
} from '@lifeboat/backstage-plugin-backup-common';

/** What is known about a restore that was not started. */
export interface PreviewState {
  /** The answer to the present request; undefined while it is awaited. */
  preview?: RestorePreview;
  error?: Error;
  loading: boolean;
  retry(): void;
}

const typingPauseMs = 300;
const timeoutMs = 30_000;

function keyOf(point: string, request: RestorePreviewRequest): string {
  return `${point} ${JSON.stringify(request)}`;
}

interface Answer {
  /** The requests that this answers. */
  keys: string[];
  preview?: RestorePreview;
  error?: Error;
}

/** Asks the server what a restore would do, a moment after the choice has last changed. */
export function useRestorePreview(
  api: BackupApi,
  entity: EntityOnCluster,
  point: string | undefined,
  request: RestorePreviewRequest | undefined,
): PreviewState {
  const key = point && request ? keyOf(point, request) : undefined;
  const asked = useRef({ point, request });
  asked.current = { point, request };
  const [answer, setAnswer] = useState<Answer>({ keys: [] });
  const answered = key !== undefined && answer.keys.includes(key);

  useEffect(() => {
    if (key === undefined || answered) {
      return undefined;
    }
    const controller = new AbortController();
    let timeout: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      timeout = setTimeout(
        () => controller.abort(new Error('The portal did not answer in time')),
        timeoutMs,
      );
      const { point: backup, request: options } = asked.current;
      try {
        const preview = await api.previewRestore(entity, backup!, options, {
          signal: controller.signal,
        });
        // The suggested name, once filled in, needs no second question.
        const { targetNamespace } = preview;
        const keys = options?.inPlace
          ? [key]
          : [key, keyOf(backup!, { targetNamespace })];
        setAnswer({ keys, preview });
      } catch (caught) {
        const error =
          caught instanceof Error ? caught : new Error(String(caught));
        if (error.name !== 'AbortError') {
          setAnswer({ keys: [key], error });
        }
      } finally {
        clearTimeout(timeout);
      }
    };
    const pause = setTimeout(ask, typingPauseMs);
    return () => {
      clearTimeout(pause);
      clearTimeout(timeout);
      controller.abort();
    };
  }, [api, entity, key, answered]);

  return {
    preview: answered ? answer.preview : undefined,
    error: answered ? answer.error : undefined,
    loading: key !== undefined && !answered,
    retry: () => setAnswer({ keys: [] }),
  };
}
