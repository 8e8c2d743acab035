import { waitUntil } from '../cluster/waitUntil';

const CATALOG_TIMEOUT_MS = 60_000;

async function freshToken(baseUrl: string): Promise<string> {
  const response = await fetch(`${baseUrl}/api/auth/guest/refresh`, {
    method: 'POST',
    headers: { 'x-requested-with': 'XMLHttpRequest' },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) {
    throw new Error(
      `the portal gave the guest no token: HTTP ${
        response.status
      } ${await response.text()}`,
    );
  }
  const { backstageIdentity } = (await response.json()) as {
    backstageIdentity: { token: string };
  };
  return backstageIdentity.token;
}

async function isInCatalog(
  baseUrl: string,
  token: string,
  entity: string,
): Promise<boolean> {
  const response = await fetch(
    `${baseUrl}/api/catalog/entities/by-name/${entity}`,
    {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
    },
  );
  if (!response.ok) return false;
  const { relations = [] } = (await response.json()) as {
    relations?: unknown[];
  };
  return relations.length > 0;
}

/**
 * A token of the portal's guest user, made once the catalog knows user and component: only then does it carry the
 * user's groups.
 *
 * @throws when the portal refuses the guest or the catalog stays empty.
 */
export async function guestToken(
  baseUrl: string,
  signal: AbortSignal,
): Promise<string> {
  const token = await freshToken(baseUrl);
  for (const entity of [
    'user/default/guest-developer',
    'component/default/orders',
  ]) {
    await waitUntil(
      `${entity} in the catalog`,
      async () => (await isInCatalog(baseUrl, token, entity)) || undefined,
      { timeoutMs: CATALOG_TIMEOUT_MS, signal },
    );
  }
  return freshToken(baseUrl);
}
