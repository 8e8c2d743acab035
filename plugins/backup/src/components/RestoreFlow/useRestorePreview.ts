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

/** Asks the server what a restore would do, a moment after the choice has last changed. */
export function useRestorePreview(
  api: BackupApi,
  entity: EntityOnCluster,
  point: string | undefined,
  request: RestorePreviewRequest | undefined,
): PreviewState {
  const key =
    point && request ? `${point} ${JSON.stringify(request)}` : undefined;
  const latest = useRef({ point, request });
  latest.current = { point, request };
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{
    key?: string;
    preview?: RestorePreview;
    error?: Error;
  }>({});

  useEffect(() => {
    if (!key) {
      return undefined;
    }
    const controller = new AbortController();
    let timeout: ReturnType<typeof setTimeout> | undefined;
    const pause = setTimeout(async () => {
      timeout = setTimeout(
        () => controller.abort(new Error('The portal did not answer in time')),
        timeoutMs,
      );
      try {
        const preview = await api.previewRestore(
          entity,
          latest.current.point!,
          latest.current.request,
          { signal: controller.signal },
        );
        setState({ key, preview });
      } catch (caught) {
        const error =
          caught instanceof Error ? caught : new Error(String(caught));
        if (error.name !== 'AbortError') {
          setState({ key, error });
        }
      } finally {
        clearTimeout(timeout);
      }
    }, typingPauseMs);
    return () => {
      clearTimeout(pause);
      clearTimeout(timeout);
      controller.abort();
    };
  }, [api, entity, key, attempt]);

  const current = state.key === key ? state : {};
  return {
    preview: current.preview,
    error: current.error,
    loading: key !== undefined && !current.preview && !current.error,
    retry: () => {
      setState({});
      setAttempt(previous => previous + 1);
    },
  };
}
