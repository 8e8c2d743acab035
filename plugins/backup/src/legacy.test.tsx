import { screen } from '@testing-library/react';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import { renderInTestApp, TestApiProvider } from '@backstage/test-utils';
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

describe('legacy', () => {
  it('shows the same content in an app on the legacy frontend system', async () => {
    await renderInTestApp(
      <TestApiProvider
        apis={[[backupApiRef, mockClient(new MockBackend('protected'))]]}
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
