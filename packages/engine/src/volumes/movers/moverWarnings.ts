import { readMoverResult } from '@lifeboat/data-mover';
import { dataPathAnnotations, type DataPathObject } from './DataPathObject';

const most = 20;
const longest = 1000;

/**
 * What a mover says about data that it could not store or bring back as it was, such as hard links and access control lists.
 *
 * @returns sentences for people; none when there is nothing to say
 */
export function moverWarnings(object: DataPathObject | undefined): string[] {
  const result = readMoverResult(
    object?.metadata.annotations?.[dataPathAnnotations.moverResult],
  );
  // Written in a pod: nothing about its shape is certain.
  const said: unknown = result?.warnings;
  return Array.isArray(said)
    ? said
        .filter((each): each is string => typeof each === 'string')
        .slice(0, most)
        .map(each => each.slice(0, longest))
    : [];
}
