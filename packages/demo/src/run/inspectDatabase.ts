import { ClusterApi } from '../cluster/ClusterApi';
import { waitUntil } from '../cluster/waitUntil';
import {
  compareRows,
  CopiedOrder,
  RowComparison,
} from '../compare/compareRows';
import { ConfirmedOrder } from './OrderWriter';

const INSPECT_TIMEOUT_MS = 60_000;

interface Inspection {
  orders: CopiedOrder[];
  dataChecksums: boolean;
  checksumFailures: number;
  tablesRead: number;
  pages: number;
}

export interface DatabaseVerdict extends RowComparison {
  tablesRead: number;
  pages: number;
}

/**
 * Asks the application in a namespace to read its whole database, and compares its rows with those that were confirmed.
 *
 * @throws when the database does not answer
 */
export async function inspectDatabase(
  cluster: ClusterApi,
  namespace: string,
  rows: { before: ConfirmedOrder[]; later: ConfirmedOrder[] },
  signal: AbortSignal,
): Promise<DatabaseVerdict> {
  let last = '';
  const inspection = await waitUntil(
    `the database in namespace ${namespace} to be read`,
    async () => {
      try {
        return await cluster.request<Inspection>(
          'GET',
          `/api/v1/namespaces/${namespace}/services/web:http/proxy/database`,
        );
      } catch (error) {
        last = (error as Error).message;
        return undefined;
      }
    },
    { timeoutMs: INSPECT_TIMEOUT_MS, everyMs: 500, signal },
  ).catch(error => {
    throw new Error(`${(error as Error).message}${last && `: ${last}`}`);
  });
  const verdict = compareRows(rows.before, rows.later, inspection.orders);
  const problems = [...verdict.problems];
  if (!inspection.dataChecksums) problems.push('pages carry no checksums');
  if (inspection.checksumFailures > 0) {
    problems.push(`${inspection.checksumFailures} pages failed their checksum`);
  }
  return {
    ...verdict,
    problems,
    tablesRead: inspection.tablesRead,
    pages: inspection.pages,
  };
}
