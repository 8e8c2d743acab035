/**
 * Refuses keys that could mean something else than themselves: a key becomes a
 * path in a folder or a URL, and some hold names that others chose.
 *
 * @throws Error that names the key
 */
export function checkKey(key: string): void {
  const problem = keyProblem(key);
  if (problem) {
    throw new Error(`Object key ${JSON.stringify(key)} is refused: ${problem}`);
  }
}

/** As `checkKey`, for a prefix: empty, or ending in `/` or in part of a segment. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return;
  checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

function keyProblem(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (Buffer.byteLength(key) > 1024) return 'it is longer than 1024 bytes';
  if (/[\p{Cc}\\]/u.test(key)) {
    return 'it has a control character or a backslash';
  }
  const segments = key.split('/');
  if (segments.some(segment => segment === '.' || segment === '..')) {
    return 'it has a "." or ".." segment';
  }
  if (segments.some(segment => segment === '')) {
    return 'it has an empty segment';
  }
  return undefined;
}
