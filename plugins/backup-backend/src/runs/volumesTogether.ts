import type {
  Progress,
  VolumeFinding,
} from '@lifeboat/backstage-plugin-backup-common';

/** How far the data of all volumes of a run is; undefined where there is none to move. */
export function volumesTogether(
  volumes: VolumeFinding[],
): Progress['volumes'] | undefined {
  const moving = volumes.filter(({ resource }) => resource !== undefined);
  if (moving.length === 0) {
    return undefined;
  }
  const sum = (key: 'bytesDone' | 'bytesTotal' | 'bytesPerSecond') =>
    moving.reduce((all, volume) => all + (volume[key] ?? 0), 0);
  const unfinished = moving.filter(({ state }) =>
    ['waiting', 'running'].includes(state),
  );
  const bytesDone = sum('bytesDone');
  const bytesPerSecond = sum('bytesPerSecond');
  // A sum without one of its parts would be too small, and the time left too short.
  const bytesTotal = moving.every(volume => volume.bytesTotal !== undefined)
    ? sum('bytesTotal')
    : undefined;
  return {
    done: moving.length - unfinished.length,
    total: moving.length,
    bytesDone,
    ...(bytesTotal !== undefined && { bytesTotal }),
    ...(unfinished.length > 0 &&
      bytesPerSecond > 0 && {
        bytesPerSecond,
        ...(bytesTotal !== undefined && {
          secondsLeft: Math.ceil((bytesTotal - bytesDone) / bytesPerSecond),
        }),
      }),
  };
}
