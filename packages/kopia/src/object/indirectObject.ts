import { corrupt } from '../errors';

/** A part of a large object. */
export interface IndirectEntry {
  readonly start: number;
  readonly length: number;
  readonly object: string;
}

const streamName = 'kopia:indirect';

/** The list of parts as stored (Kopia: indirect object): zero start and length are left out. */
export function formatIndirect(entries: readonly IndirectEntry[]): Buffer {
  const parts = entries.map(({ start, length, object }) =>
    [
      `{${start ? `"s":${start},` : ''}`,
      length ? `"l":${length},` : '',
      `"o":"${object}"}`,
    ].join(''),
  );
  return Buffer.from(
    `{"stream":"${streamName}","entries":[${parts.join(',')}]}\n`,
  );
}

/** Parses a list of parts; they must follow each other without gaps. */
export function parseIndirect(data: Buffer, object: string): IndirectEntry[] {
  let parsed: { stream?: unknown; entries?: unknown };
  try {
    parsed = JSON.parse(data.toString('utf8')) as typeof parsed;
  } catch (cause) {
    throw corrupt(
      `The list of parts of object ${object} is not JSON`,
      { object },
      cause,
    );
  }
  if (parsed?.stream !== streamName || !Array.isArray(parsed.entries)) {
    throw corrupt(`Object ${object} is not a list of parts`, { object });
  }
  let next = 0;
  return parsed.entries.map(
    (entry: { s?: unknown; l?: unknown; o?: unknown }) => {
      const start = entry?.s ?? 0;
      const length = entry?.l ?? 0;
      if (
        start !== next ||
        !Number.isSafeInteger(length) ||
        (length as number) < 0 ||
        typeof entry.o !== 'string'
      ) {
        throw corrupt(
          `The parts of object ${object} do not follow each other`,
          { object },
        );
      }
      next += length as number;
      return {
        start: start as number,
        length: length as number,
        object: entry.o,
      };
    },
  );
}
