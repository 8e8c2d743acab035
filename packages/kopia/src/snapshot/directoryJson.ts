import { corrupt } from '../errors';
import { DirectoryEntry, DirectorySummary } from './DirectoryEntry';

const streamName = 'kopia:directory';

// Go's encoder escapes these besides what JSON demands; directory objects are named by their bytes.
// eslint-disable-next-line no-control-regex
const special = /[<>&\u2028\u2029\u0000-\u001f]/g;
const loneSurrogate =
  /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// eslint-disable-next-line no-control-regex
const needsCare = /["\\<>&\u2028\u2029\u0000-\u001f\ud800-\udfff]/;

const escapeCharacter = (character: string) => {
  if (character === '\b') return '\\b';
  if (character === '\f') return '\\f';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
};

/**
 * A JSON string exactly as Go's encoder prints it. Lone surrogates stand for bytes that are not UTF-8; Go prints each
 * such byte as an escaped U+FFFD.
 */
export function goString(text: string): string {
  if (!needsCare.test(text)) return `"${text}"`;
  const plain = text
    .replace(/[\\"]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
  return `"${plain
    .replace(special, escapeCharacter)
    .replace(loneSurrogate, '\\ufffd')}"`;
}

const zeroOffsetTimes = '1970-01-01T00:00:00Z';

function summaryJson(summary: DirectorySummary): string {
  const parts = [
    `"size":${summary.size}`,
    `"files":${summary.files}`,
    `"symlinks":${summary.symlinks}`,
    `"dirs":${summary.dirs}`,
    `"maxTime":"${summary.maxTime}"`,
  ];
  if (summary.incomplete)
    parts.push(`"incomplete":${goString(summary.incomplete)}`);
  parts.push(`"numFailed":${summary.numFailed}`);
  if (summary.numIgnoredErrors)
    parts.push(`"numIgnoredErrors":${summary.numIgnoredErrors}`);
  if (summary.errors?.length) {
    const errors = summary.errors.map(
      ({ path, error }) =>
        `{"path":${goString(path)},"error":${goString(error)}}`,
    );
    parts.push(`"errors":[${errors.join(',')}]`);
  }
  return `{${parts.join(',')}}`;
}

/** One entry as in a directory object: fixed key order, zero values left out. */
export function entryJson(entry: DirectoryEntry): string {
  let json = `{"name":${goString(entry.name)},"type":"${entry.type}"`;
  if (entry.mode && entry.mode !== '00') json += `,"mode":"${entry.mode}"`;
  if (entry.size) json += `,"size":${entry.size}`;
  if (entry.mtime && entry.mtime !== zeroOffsetTimes)
    json += `,"mtime":"${entry.mtime}"`;
  if (entry.uid) json += `,"uid":${entry.uid}`;
  if (entry.gid) json += `,"gid":${entry.gid}`;
  json += `,"obj":"${entry.obj}"`;
  if (entry.summ) json += `,"summ":${summaryJson(entry.summ)}`;
  return `${json}}`;
}

/** Order of UTF-8 bytes, which differs from JavaScript's order of UTF-16 units above U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xSurrogate = x >= 0xd800 && x <= 0xdfff;
    const ySurrogate = y >= 0xd800 && y <= 0xdfff;
    if (xSurrogate !== ySurrogate) return xSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** Directories first, each group by name. */
export function sortEntries(entries: DirectoryEntry[]): DirectoryEntry[] {
  const directories = entries.filter(({ type }) => type === 'd');
  const others = entries.filter(({ type }) => type !== 'd');
  const byName = (a: DirectoryEntry, b: DirectoryEntry) =>
    compareUtf8(a.name, b.name);
  return [...directories.sort(byName), ...others.sort(byName)];
}

/** The bytes of a directory object, identical to Kopia's (Kopia: directory manifest). */
export function formatDirectory(
  entries: readonly DirectoryEntry[],
  summary: DirectorySummary,
): Buffer {
  const list =
    entries.length > 0 ? `[${entries.map(entryJson).join(',')}]` : 'null';
  return Buffer.from(
    `{"stream":"${streamName}","entries":${list},"summary":${summaryJson(
      summary,
    )}}\n`,
  );
}

/** Parses a directory object. Throws `corrupt`. */
export function parseDirectory(
  data: Buffer,
  object: string,
): { entries: DirectoryEntry[]; summary?: DirectorySummary } {
  let parsed: {
    stream?: unknown;
    entries?: unknown;
    summary?: DirectorySummary;
  };
  try {
    parsed = JSON.parse(data.toString('utf8')) as typeof parsed;
  } catch (cause) {
    throw corrupt(`Directory ${object} is not JSON`, { object }, cause);
  }
  if (parsed?.stream !== streamName)
    throw corrupt(`Object ${object} is not a directory`, { object });
  const entries = (parsed.entries ?? []) as DirectoryEntry[];
  const valid =
    Array.isArray(entries) &&
    entries.every(
      entry =>
        typeof entry?.name === 'string' &&
        typeof entry.obj === 'string' &&
        typeof entry.type === 'string',
    );
  if (!valid)
    throw corrupt(`Directory ${object} has entries of an unknown form`, {
      object,
    });
  return { entries, summary: parsed.summary };
}
