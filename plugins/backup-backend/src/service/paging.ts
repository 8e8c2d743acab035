import { InputError } from '@backstage/errors';
import type { ObjectMeta } from '@lifeboat/velero-api';

const defaultLimit = 50;

/** Which page is wanted, as the query says it. */
export interface PageQuery {
  limit?: string;
  cursor?: string;
}

interface WithMetadata {
  metadata: ObjectMeta;
}

/** Newest first; equal times by name. */
function sortKey({ metadata }: WithMetadata): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`;
}

/**
 * One page of resources, newest first. A cursor names the last item of the page
 * before, so that new items do not shift pages and deleted ones do no harm.
 *
 * @throws InputError for a cursor that we did not give
 */
export function page<T extends WithMetadata>(
  items: T[],
  query: PageQuery,
): { items: T[]; nextCursor?: string } {
  const limit = query.limit === undefined ? defaultLimit : Number(query.limit);
  const after = query.cursor === undefined ? undefined : decode(query.cursor);
  const sorted = items
    .map(item => ({ item, key: sortKey(item) }))
    .filter(({ key }) => after === undefined || key < after)
    .sort((a, b) => (a.key < b.key ? 1 : -1));
  const shown = sorted.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ item }) => item),
    ...(last &&
      sorted.length > limit && {
        nextCursor: Buffer.from(last.key).toString('base64url'),
      }),
  };
}

function decode(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^[0-9TZ:.-]* [a-z0-9.-]*$/.test(text)) {
    throw new InputError(
      'The cursor is not valid: use nextCursor of the page before',
    );
  }
  return text;
}
