/**
 * The sentence that is shown wherever a run leaves out volume data.
 *
 * @param volumes - number of volumes whose data is not included
 * @public
 */
export function objectsOnlyText(volumes: number): string {
  return `Objects only: the data of ${volumes} ${
    volumes === 1 ? 'volume' : 'volumes'
  } is not included`;
}
