import { screen } from '@testing-library/react';
import {
  ApiBlueprint,
  createFrontendModule,
} from '@backstage/frontend-plugin-api';
import { renderTestApp } from '@backstage/frontend-test-utils';
import {
  catalogApiMock,
  createTestEntityPage,
} from '@backstage/plugin-catalog-react/testUtils';
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import plugin, { backupApiRef } from '.';
import { mockClient } from './__testUtils__/mockClient';
import { MockBackend } from './__testUtils__/MockBackend';

const entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'orders', namespace: 'default' },
  spec: { type: 'service', owner: 'team-orders' },
};

const mockedApi = createFrontendModule({
  pluginId: 'backup',
  extensions: [
    ApiBlueprint.make({
      params: defineParams =>
        defineParams({
          api: backupApiRef,
          deps: {},
          factory: () => mockClient(new MockBackend('protected')),
        }),
    }),
  ],
});

describe('backupPlugin', () => {
  it('adds the tab Backups to the page of a component', async () => {
    renderTestApp({
      features: [plugin, mockedApi],
      extensions: [createTestEntityPage({ entity })],
      apis: [[catalogApiRef, catalogApiMock({ entities: [entity] })]],
    });
    expect(await screen.findByText('Protected')).toBeInTheDocument();
  });
});
