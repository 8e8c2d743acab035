import {
  ApiBlueprint,
  createFrontendModule,
  createFrontendPlugin,
  PageBlueprint,
} from '@backstage/frontend-plugin-api';
import { createDevApp } from '@backstage/frontend-dev-utils';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import { RiArchiveLine } from '@remixicon/react';
import {
  MockBackend,
  Scenario,
  scenarios,
} from '../src/__testUtils__/MockBackend';
import { mockClient } from '../src/__testUtils__/mockClient';
import { backupApiRef } from '../src/backupApiRef';
import { BackupsTab } from '../src/components/BackupsTab';
import plugin from '../src';

const orders = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'orders', namespace: 'default' },
  spec: { type: 'service', lifecycle: 'production', owner: 'team-orders' },
};

/** One mocked backend per scenario; the scenario is the last part of the page's path. */
const backends = new Map<string, MockBackend>();

function backendOf(path: string): MockBackend {
  const last = path.split('/').filter(Boolean).pop();
  const scenario = scenarios.find(name => name === last) ?? 'protected';
  const known = backends.get(scenario) ?? new MockBackend(scenario);
  backends.set(scenario, known);
  return known;
}

const mockedApi = createFrontendModule({
  pluginId: 'backup',
  extensions: [
    ApiBlueprint.make({
      params: defineParams =>
        defineParams({
          api: backupApiRef,
          deps: {},
          factory: () => mockClient(() => backendOf(window.location.pathname)),
        }),
    }),
  ],
});

function page(scenario: Scenario) {
  return PageBlueprint.make({
    name: scenario,
    params: {
      path: scenario === 'protected' ? '/' : `/${scenario}`,
      title: scenario,
      icon: <RiArchiveLine />,
      loader: async () => (
        <EntityProvider entity={orders}>
          <div style={{ padding: '0 24px' }}>
            <BackupsTab />
          </div>
        </EntityProvider>
      ),
    },
  });
}

createDevApp({
  features: [
    plugin,
    mockedApi,
    createFrontendPlugin({
      pluginId: 'scenarios',
      title: 'Scenarios',
      extensions: scenarios.map(page),
    }),
  ],
});
