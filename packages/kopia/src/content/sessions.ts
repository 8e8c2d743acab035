import { Clock, RandomBytes } from '../clock';
import { formatMilliseconds } from '../time/timestamps';
import { RepositoryKeys, sealBlob } from './encryptedBlob';

/** What a session marker says: whose packs may not be indexed yet. */
export interface SessionMarker {
  readonly id: string;
  readonly startTime: string;
  readonly checkpointTime: string;
  readonly username: string;
  readonly hostname: string;
}

const epochStart = Date.UTC(2000, 0, 1);
const epochLength = 30 * 24 * 3600 * 1000;

/** A new session's name: `s`, 16 random digits, and the number of 30-day periods since 2000. */
export function newSessionId(clock: Clock, random: RandomBytes): string {
  return `s${random(8).toString('hex')}${Math.floor(
    (clock() - epochStart) / epochLength,
  ).toString(16)}`;
}

/** The blob that keeps clean-up away from a session's packs until they are indexed. */
export function sessionBlob(
  keys: RepositoryKeys,
  sessionId: string,
  user: { username: string; hostname: string },
  now: number,
) {
  const time = formatMilliseconds(now);
  const marker: SessionMarker = {
    id: sessionId,
    startTime: time,
    checkpointTime: time,
    ...user,
  };
  return sealBlob(keys, 's', Buffer.from(JSON.stringify(marker)), sessionId);
}

/** The session that a pack belongs to, from its name. */
export function sessionOfPack(packId: string): string | undefined {
  return packId.split('-')[1];
}
