const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const longestPrefix = 40;

/**
 * A name for a new resource that people can read: what, when (UTC, to the
 * minute) and five characters against collisions, such as
 * `orders-20261123-0842-x7k2p`. At most 63 characters, a DNS label.
 *
 * @param random - numbers from 0 up to, not including, 1
 */
export function runName(what: string, now: Date, random: () => number): string {
  const prefix =
    what
      .toLocaleLowerCase('en-US')
      .replace(/[^a-z0-9-]+/g, '-')
      .slice(0, longestPrefix)
      .replace(/^-+|-+$/g, '') || 'backup';
  const iso = now.toISOString();
  const day = iso.slice(0, 10).replaceAll('-', '');
  const minute = iso.slice(11, 16).replace(':', '');
  const suffix = Array.from(
    { length: 5 },
    () => alphabet[Math.floor(random() * alphabet.length)],
  ).join('');
  return `${prefix}-${day}-${minute}-${suffix}`;
}
