import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures } from './fixtures';

/** What the real program said about one of its repositories. */
export interface FixtureRepository {
  readonly path: string;
  readonly password: string;
  readonly formatBlock: Record<string, unknown>;
  readonly keys: {
    readonly masterKeyHex: string;
    readonly hmacSecretHex: string;
  };
  readonly epochs: { readonly writeEpoch: number; readonly watermark: number };
  readonly activeIndexBlobs: readonly string[];
  readonly contentCount: {
    readonly allEntries: number;
    readonly visible: number;
    readonly visibleDeleted: number;
  };
  readonly manifestIDs: readonly string[];
  readonly snapshots: readonly {
    readonly id: string;
    readonly rootObject: string;
    readonly sourceTree: string;
    readonly entries: Record<
      string,
      { target?: string } & Record<string, unknown>
    >;
  }[];
}

/** Names and descriptions of the repositories; one empty row where the fixtures are not at hand. */
export function fixtureRepositories(): [string, FixtureRepository][] {
  if (!fixtures) return [['no fixtures', {} as FixtureRepository]];
  const { repositories } = JSON.parse(
    readFileSync(join(fixtures, 'fixtures.json'), 'utf8'),
  ) as {
    repositories: Record<string, FixtureRepository>;
  };
  return Object.entries(repositories);
}
