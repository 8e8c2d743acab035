import { Faults } from '../driver/Faults';
import { pause } from '../pause';
import { ContainerConfigError } from './ContainerConfigError';
import { ContainerRecord } from './podStatus';

const ERROR_MS = 1_000;
const BACKOFF_MS = 2_000;
const POLL_MS = 100;

/** Whom to tell that an image is missing. */
export interface ImageReport {
  /** The container waits with this reason now. */
  waiting(record: ContainerRecord, reason: ContainerConfigError): Promise<void>;
  /** One more attempt to pull has failed. */
  failed(message: string): Promise<void>;
}

function attemptOf(
  { image, imagePullPolicy }: ContainerRecord['container'],
  attempt: number,
): ContainerConfigError {
  if (imagePullPolicy === 'Never') {
    return new ContainerConfigError(
      `Container image "${image}" is not present with pull policy of Never`,
      'ErrImageNeverPull',
    );
  }
  return attempt % 2 === 0
    ? new ContainerConfigError(
        `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
        'ErrImagePull',
      )
    : new ContainerConfigError(
        `Back-off pulling image "${image}"`,
        'ImagePullBackOff',
      );
}

/** Waits while an image is missing (a fault), as a kubelet that tries to pull it again and again. */
export async function waitForImages(
  records: ContainerRecord[],
  faults: Pick<Faults, 'names'>,
  report: ImageReport,
  signal: AbortSignal,
): Promise<void> {
  const missing = () =>
    records.find(({ container }) =>
      faults.names('image-missing', container.image ?? ''),
    );
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const record = missing();
    if (!record) return;
    const state = attemptOf(record.container, attempt);
    const failed = state.reason === 'ErrImagePull';
    if (failed) {
      await report.failed(
        `Failed to pull image "${record.container.image}": ${state.message}`,
      );
    }
    await report.waiting(record, state);
    const until = Date.now() + (failed ? ERROR_MS : BACKOFF_MS);
    while (missing() && !signal.aborted && Date.now() < until) {
      await pause(POLL_MS, signal);
    }
  }
}
