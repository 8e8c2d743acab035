import { getResponse, RequestHandler } from 'msw';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import { MockBackend } from './MockBackend';
import { mockBaseUrl, mockHandlers } from './mockHandlers';

/**
 * The real client on top of msw's handlers, without a service worker or a patched `fetch`.
 *
 * @param backend - answers what `handlers` do not; a function chooses one for each request
 * @param handlers - answers in place of the backend's, first match wins
 */
export function mockClient(
  backend: MockBackend | (() => MockBackend),
  handlers: RequestHandler[] = [],
): BackupClient {
  return new BackupClient({
    discoveryApi: { getBaseUrl: async () => mockBaseUrl },
    fetchApi: {
      fetch: async (input, init) => {
        const chosen = typeof backend === 'function' ? backend() : backend;
        const response = await getResponse(
          [...handlers, ...mockHandlers(chosen)],
          new Request(input, init),
        );
        return response ?? new Response(null, { status: 404 });
      },
    },
  });
}
