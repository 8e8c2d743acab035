import axe from 'axe-core';
import { getResponse, RequestHandler } from 'msw';
import { renderInTestApp } from '@backstage/frontend-test-utils';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import { backupApiRef } from '../backupApiRef';
import { BackupsTab } from '../components/BackupsTab';
import { MockBackend, Scenario } from './MockBackend';
import { mockBaseUrl, mockHandlers } from './mockHandlers';

const orders = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'orders', namespace: 'default' },
  spec: { type: 'service', owner: 'team-orders' },
};

export interface RenderTabOptions {
  /** Query of the URL that the tab is opened with. */
  query?: string;
  /** Answers in place of the mocked backend's, first match wins. */
  handlers?: RequestHandler[];
}

/** Renders the tab of component `orders` on top of a mocked backend. */
export async function renderTab(
  scenario: Scenario,
  options: RenderTabOptions = {},
): Promise<{ container: HTMLElement; backend: MockBackend }> {
  const backend = new MockBackend(scenario);
  const handlers = [...(options.handlers ?? []), ...mockHandlers(backend)];
  const api = new BackupClient({
    discoveryApi: { getBaseUrl: async () => mockBaseUrl },
    fetchApi: {
      fetch: async (input, init) =>
        (await getResponse(handlers, new Request(input, init))) ??
        Response.error(),
    },
  });
  const rendered = renderInTestApp(
    <EntityProvider entity={orders}>
      <BackupsTab />
    </EntityProvider>,
    {
      apis: [[backupApiRef, api]],
      initialRouteEntries: [`/${options.query ?? ''}`],
    },
  );
  return { container: rendered.container, backend };
}

/** What axe-core finds wrong, as short texts. Colours need a real browser and are checked there. */
export async function axeViolations(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, {
    rules: {
      'color-contrast': { enabled: false },
      region: { enabled: false },
    },
  });
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' | ')}`,
  );
}
