import { screen } from '@testing-library/react';
import { renderInTestApp } from '@backstage/frontend-test-utils';
import { MockBackend } from '../../__testUtils__/MockBackend';
import { ProtectionHeader } from './ProtectionHeader';

const protection = new MockBackend('protected').protection(undefined);

describe('ProtectionHeader', () => {
  it('says why a component is at risk, once', async () => {
    renderInTestApp(
      <ProtectionHeader
        name="orders"
        protection={{
          ...protection,
          reason: 'Objects only: the data of 1 volume is not included.',
        }}
      />,
    );
    expect(
      await screen.findAllByText(/^Objects only: the data of 1 volume/),
    ).toHaveLength(1);
  });

  it('says what is in the last recovery point', async () => {
    renderInTestApp(<ProtectionHeader name="orders" protection={protection} />);
    const header = await screen.findByRole('region', {
      name: 'Protection of orders',
    });
    expect(header).toHaveTextContent(
      /Last recovery point:.*, 15 objects, 1 volume/,
    );
  });

  it('says nothing about volumes where there are none', async () => {
    renderInTestApp(
      <ProtectionHeader
        name="orders"
        protection={{
          ...protection,
          volumeCount: 0,
          lastPoint: { ...protection.lastPoint!, volumes: 0 },
        }}
      />,
    );
    const header = await screen.findByRole('region', {
      name: 'Protection of orders',
    });
    expect(header).toHaveTextContent(/Last recovery point:.*, 15 objects/);
    expect(header).not.toHaveTextContent(/volume|demo0/);
  });

  it('says that the state is unknown, and what is not there yet', async () => {
    renderInTestApp(
      <ProtectionHeader
        name="orders"
        protection={{
          ...protection,
          state: 'unknown',
          reason: 'The cluster does not answer.',
          lastPoint: undefined,
          nextRun: undefined,
        }}
      />,
    );
    expect(await screen.findByText('Unknown')).toBeInTheDocument();
    expect(screen.getByText('none yet')).toBeInTheDocument();
    expect(screen.getByText('no schedule')).toBeInTheDocument();
  });
});
