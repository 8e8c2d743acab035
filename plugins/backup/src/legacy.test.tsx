import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { catalogPlugin, EntityLayout } from '@backstage/plugin-catalog';
import {
  catalogApiRef,
  EntityProvider,
  entityRouteRef,
  MockStarredEntitiesApi,
  starredEntitiesApiRef,
} from '@backstage/plugin-catalog-react';
import { catalogApiMock } from '@backstage/plugin-catalog-react/testUtils';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import {
  MockPermissionApi,
  renderInTestApp,
  TestApiProvider,
} from '@backstage/test-utils';
import { Route, Routes } from 'react-router-dom';
import {
  backupApiRef,
  backupPlugin,
  EntityBackupContent,
  isBackupAvailable,
} from './legacy';
import { mockClient } from './__testUtils__/mockClient';
import { MockBackend } from './__testUtils__/MockBackend';

const entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'orders', namespace: 'default' },
};

const annotated = {
  ...entity,
  metadata: {
    ...entity.metadata,
    annotations: { 'backstage.io/kubernetes-namespace': 'shop' },
  },
};

describe('legacy', () => {
  it('shows the same content in an app on the legacy frontend system', async () => {
    await renderInTestApp(
      <TestApiProvider
        apis={[
          [backupApiRef, mockClient(new MockBackend('protected'))],
          [permissionApiRef, new MockPermissionApi()],
        ]}
      >
        <EntityProvider entity={entity}>
          <Routes>
            <Route path="/" element={<EntityBackupContent />} />
          </Routes>
        </EntityProvider>
      </TestApiProvider>,
    );
    expect(await screen.findByText('Protected')).toBeInTheDocument();
    expect(await screen.findByRole('grid')).toBeInTheDocument();
  });

  it("is a tab of a legacy app's entity page, as the README has it", async () => {
    await renderInTestApp(
      <TestApiProvider
        apis={[
          [backupApiRef, mockClient(new MockBackend('protected'))],
          [catalogApiRef, catalogApiMock()],
          [starredEntitiesApiRef, new MockStarredEntitiesApi()],
          [permissionApiRef, new MockPermissionApi()],
        ]}
      >
        <EntityProvider entity={annotated}>
          <EntityLayout>
            <EntityLayout.Route path="/" title="Overview">
              <span>The overview</span>
            </EntityLayout.Route>
            <EntityLayout.Route
              path="/backups"
              title="Backups"
              if={isBackupAvailable}
            >
              <EntityBackupContent />
            </EntityLayout.Route>
          </EntityLayout>
        </EntityProvider>
      </TestApiProvider>,
      {
        mountedRoutes: {
          '/catalog': catalogPlugin.routes.catalogIndex,
          '/catalog/:namespace/:kind/:name': entityRouteRef,
        },
      },
    );
    expect(screen.getByText('The overview')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('tab', { name: 'Backups' }));
    expect(await screen.findByText('Protected')).toBeInTheDocument();
  });

  it('brings its own client', () => {
    expect([...backupPlugin.getApis()].map(({ api }) => api.id)).toEqual([
      backupApiRef.id,
    ]);
  });

  it('knows which components can have backups', () => {
    expect(isBackupAvailable({ metadata: { annotations: {} } })).toBe(false);
    expect(
      isBackupAvailable({
        metadata: {
          annotations: { 'backstage.io/kubernetes-namespace': 'shop' },
        },
      }),
    ).toBe(true);
  });
});
