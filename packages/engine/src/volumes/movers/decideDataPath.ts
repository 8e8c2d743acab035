import {
  isTerminalDataPathPhase,
  type DataPathPhase,
} from '@lifeboat/velero-api';
import type { MoverResult } from '@lifeboat/data-mover';
import type { PodState } from './podState';

/** How long a mover may take to end after it was asked to. */
export const cancelGraceMs = 60_000;

const vanished =
  'the mover ended without a result: its pod was deleted (drained or evicted), or its node is gone';

/** Everything that decides what comes next. */
export interface DataPathView {
  phase: DataPathPhase;
  /** Somebody asked for the end. */
  isEndRequested: boolean;
  pod: PodState;
  /** How the mover ended, once that is known. */
  outcome?: MoverResult;
  /** Since it was accepted. */
  acceptedForMs: number;
  prepareTimeoutMs: number;
  /** Since its phase is Canceling. */
  cancelingForMs: number;
}

/** The next step of a data path. */
export type DataPathStep =
  | { do: 'accept' }
  /** Make the volume reachable and the pod that moves it. */
  | { do: 'expose' }
  | { do: 'prepared'; node: string }
  /** Let the mover begin, as soon as its node has a free place. */
  | { do: 'start'; node: string }
  | { do: 'cancel' }
  /** The data is moved: put the result in place. */
  | { do: 'finish'; result: MoverResult }
  | { do: 'end'; phase: 'Failed' | 'Canceled'; message: string }
  | { do: 'cleanUp' }
  | { do: 'wait' };

/**
 * Decides what comes next for a resource that moves data, from what the cluster shows and nothing else: an engine that starts
 * again goes on where another one stopped.
 *
 * Source: Velero, data path state machine.
 */
export function decideDataPath(view: DataPathView): DataPathStep {
  const { phase, outcome } = view;
  if (isTerminalDataPathPhase(phase)) return { do: 'cleanUp' };
  if (phase === 'New') {
    return view.isEndRequested ? canceled() : { do: 'accept' };
  }
  if (outcome) return conclude(outcome, view.isEndRequested);
  switch (phase) {
    case 'Accepted':
      return whileAccepted(view);
    case 'Prepared':
      return whilePrepared(view);
    case 'InProgress':
      return whileInProgress(view);
    default:
      return whileCanceling(view);
  }
}

function whileAccepted(view: DataPathView): DataPathStep {
  const { pod } = view;
  if (view.isEndRequested) return canceled();
  if (pod.state === 'running') return { do: 'prepared', node: pod.node };
  if (pod.state === 'lost') return failed(pod.reason);
  if (pod.state === 'starting' && pod.problem) {
    return failed(`the mover's pod cannot start: ${pod.problem}`);
  }
  if (view.acceptedForMs >= view.prepareTimeoutMs) {
    return failed(
      `timeout on preparing: the mover did not run within ${Math.round(
        view.prepareTimeoutMs / 1000,
      )} s`,
    );
  }
  return { do: pod.state === 'absent' ? 'expose' : 'wait' };
}

function whilePrepared({ pod, isEndRequested }: DataPathView): DataPathStep {
  if (isEndRequested) return canceled();
  switch (pod.state) {
    case 'running':
      return { do: 'start', node: pod.node };
    case 'lost':
      return failed(pod.reason);
    case 'absent':
      return failed(vanished);
    default:
      return { do: 'wait' };
  }
}

function whileInProgress({ pod, isEndRequested }: DataPathView): DataPathStep {
  if (isEndRequested) return { do: 'cancel' };
  switch (pod.state) {
    case 'lost':
      return failed(pod.reason);
    case 'absent':
      return failed(vanished);
    default:
      return { do: 'wait' };
  }
}

function whileCanceling({ pod, cancelingForMs }: DataPathView): DataPathStep {
  if (pod.state === 'absent' || pod.state === 'lost') return canceled();
  return cancelingForMs >= cancelGraceMs
    ? canceled('the mover did not end by itself and was removed')
    : { do: 'wait' };
}

function conclude(outcome: MoverResult, isEndRequested: boolean): DataPathStep {
  switch (outcome.outcome) {
    case 'completed':
      return { do: 'finish', result: outcome };
    case 'canceled':
      return isEndRequested
        ? canceled(outcome.message)
        : failed(
            `the mover was stopped before it was done${
              outcome.message ? `: ${outcome.message}` : ''
            }`,
          );
    default:
      return failed(outcome.message ?? 'the mover failed without a reason');
  }
}

function canceled(detail?: string): DataPathStep {
  return {
    do: 'end',
    phase: 'Canceled',
    message: detail ? `canceled: ${detail}` : 'canceled on request',
  };
}

function failed(message: string): DataPathStep {
  return { do: 'end', phase: 'Failed', message };
}
