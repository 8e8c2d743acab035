import axe from 'axe-core';
import { RequestHandler } from 'msw';
import { renderInTestApp } from '@backstage/frontend-test-utils';
import {
  EntityProvider,
  entityRouteRef,
} from '@backstage/plugin-catalog-react';
import { backupApiRef } from '../backupApiRef';
import { BackupsTab } from '../components/BackupsTab';
import { MockBackend, Scenario } from './MockBackend';
import { mockClient } from './mockClient';

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
  /** Changes what the backend has before anything is read. */
  prepare?: (backend: MockBackend) => void;
  /** How long a backup or restore takes. Default: 2.4 s */
  runMs?: number;
}

/** Renders the tab of component `orders` on top of a mocked backend. */
export async function renderTab(
  scenario: Scenario,
  options: RenderTabOptions = {},
): Promise<{ container: HTMLElement; backend: MockBackend }> {
  const backend = new MockBackend(scenario, Date.now, options.runMs ?? 2_400);
  options.prepare?.(backend);
  const api = mockClient(backend, options.handlers);
  const rendered = renderInTestApp(
    <EntityProvider entity={orders}>
      <BackupsTab />
    </EntityProvider>,
    {
      apis: [[backupApiRef, api]],
      mountedRoutes: { '/catalog/:namespace/:kind/:name': entityRouteRef },
      initialRouteEntries: [`/${options.query ?? ''}`],
    },
  );
  // The tab polls on its own: its updates come at any time, not only inside act().
  (
    globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
  ).IS_REACT_ACT_ENVIRONMENT = false;
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
