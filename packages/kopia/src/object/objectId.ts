import { isContentId } from '../content/contentId';
import { corrupt } from '../errors';

/** An object's name, taken apart: `I`s, `Z`, the meaningless `D` of old repositories, and a content. */
export interface ObjectId {
  /** Levels of indirection. */
  readonly indirection: number;
  /** Whether the content is header and compressed stream. */
  readonly compressed: boolean;
  readonly contentId: string;
}

// Each level multiplies the possible size by tens of thousands.
const deepest = 8;

/** Parses an object's name. Throws `corrupt`. */
export function parseObjectId(text: string): ObjectId {
  let at = 0;
  while (text[at] === 'I') at += 1;
  const indirection = at;
  const compressed = text[at] === 'Z';
  if (compressed) at += 1;
  if (text[at] === 'D') at += 1;
  const contentId = text.slice(at);
  if (!isContentId(contentId) || (indirection > 0 && compressed)) {
    throw corrupt(
      `"${String(text).slice(0, 80)}" is not the name of an object`,
    );
  }
  if (indirection > deepest)
    throw corrupt(`Object ${text.slice(0, 80)} is nested too deeply`, {
      object: text,
    });
  return { indirection, compressed, contentId };
}
