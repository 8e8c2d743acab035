import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';
import { isJsonObject } from '../../backup/jsonPath';
import type { RestoredVolume } from './RestoredVolume';

/** What an annotation may take of the 256 KiB that an object has for all of them. */
const limitBytes = 160 * 1024;

/** The annotation that remembers what becomes of volumes while their content is under way. */
export function restoredVolumesAnnotation(volumes: readonly RestoredVolume[]): {
  [key: string]: string;
} {
  const kept = volumes.filter(({ method }) => method !== 'empty');
  if (kept.length === 0) {
    return {};
  }
  let text = JSON.stringify(kept);
  // Orders that are not listed are still found by their label; their claims are not looked at again.
  while (Buffer.byteLength(text) > limitBytes) {
    kept.splice(Math.floor(kept.length / 2));
    text = JSON.stringify(kept);
  }
  return { [lifeboatAnnotations.restoreVolumes]: text };
}

/** What a Restore remembers of its volumes. */
export function readRestoredVolumes(restore: Restore): RestoredVolume[] {
  const text =
    restore.metadata.annotations?.[lifeboatAnnotations.restoreVolumes];
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value)
      ? (value.filter(
          entry => isJsonObject(entry) && typeof entry.namespace === 'string',
        ) as unknown as RestoredVolume[])
      : [];
  } catch {
    return [];
  }
}
