import { corrupt } from '../errors';

/**
 * Names of contents are text: an optional letter g..z, then the hash in hexadecimal. Indexes hold them as a prefix
 * byte (0 for none) and the hash bytes.
 */
const pattern = /^[g-z]?(?:[0-9a-f]{2})+$/;

/** Whether a text is the name of a content. */
export function isContentId(text: string): boolean {
  return text.length <= 129 && pattern.test(text);
}

/** The prefix letter, or the empty text. */
export function contentPrefix(id: string): string {
  return id.length % 2 === 1 ? id[0] : '';
}

/** The hash in a content's name. */
export function contentHashBytes(id: string): Buffer {
  return Buffer.from(id.length % 2 === 1 ? id.slice(1) : id, 'hex');
}

/** The key of a content in indexes. Throws `corrupt` on a malformed name. */
export function contentKey(id: string): Buffer {
  if (!isContentId(id))
    throw corrupt(`"${id.slice(0, 80)}" is not the name of a content`);
  const prefixed = id.length % 2 === 1;
  const key = Buffer.allocUnsafe(1 + (id.length >> 1));
  key[0] = prefixed ? id.charCodeAt(0) : 0;
  key.write(prefixed ? id.slice(1) : id, 1, 'hex');
  return key;
}

/** The name of a content from an index key. */
export function contentIdOfKey(key: Buffer): string {
  const hash = key.toString('hex', 1);
  return key[0] === 0 ? hash : String.fromCharCode(key[0]) + hash;
}

/** What authenticates a content's encryption: the last 16 bytes of its hash. */
export function contentIv(id: string): Buffer {
  return Buffer.from(id.slice(-32), 'hex');
}

/** Data contents and metadata contents (any prefix) are kept in packs of different kinds. */
export function packPrefix(id: string): 'p' | 'q' {
  return id.length % 2 === 1 ? 'q' : 'p';
}
