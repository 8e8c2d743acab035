import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { errorResponse, mockBaseUrl } from '../../__testUtils__/mockHandlers';
import { axeViolations, renderTab } from '../../__testUtils__/renderTab';

const protectionUrl = `${mockBaseUrl}/entities/:kind/:namespace/:name/protection`;
const pointsUrl = `${mockBaseUrl}/entities/:kind/:namespace/:name/backups`;

describe('BackupsTab', () => {
  it('shows how the component is protected, where, and its recovery points', async () => {
    const { container } = await renderTab('protected');
    const header = await screen.findByRole('region', {
      name: 'Protection of orders',
    });
    expect(within(header).getByText('Protected')).toBeInTheDocument();
    expect(within(header).getByText('39 min ago')).toBeInTheDocument();
    expect(
      within(header).getByText('namespace shop on cluster demo'),
    ).toBeInTheDocument();
    expect(header).not.toHaveTextContent('Objects only');
    const table = await screen.findByRole('grid', {
      name: 'Recovery points of orders',
    });
    expect(within(table).getAllByRole('row')).toHaveLength(15);
    expect(await axeViolations(container)).toEqual([]);
  });

  it('shows administrators what they should see to', async () => {
    await renderTab('protected', {
      prepare: backend => {
        backend.engineWarnings = [
          'Export the keys and keep the file elsewhere',
        ];
      },
    });
    expect(
      await screen.findByText('Export the keys and keep the file elsewhere'),
    ).toBeInTheDocument();
  });

  it('explains what a recovery point is while there is none, and follows the first one until it is done', async () => {
    const { container } = await renderTab('empty', { runMs: 10_000 });
    expect(
      await screen.findByText('No recovery point yet'),
    ).toBeInTheDocument();
    expect(
      screen.getByText(
        '15 objects, 1 volume found. A backup includes them and what belongs to them.',
      ),
    ).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);

    await userEvent.click(screen.getByRole('button', { name: 'Back up now' }));
    const table = await screen.findByRole('grid');
    expect(within(table).getByText('orders-new-01')).toBeInTheDocument();
    expect(screen.getByText('orders-new-01 is being made.')).toBeVisible();
    await within(table).findByText(/^\d+ of 15 objects$/);
    await waitFor(() => expect(within(table).getByText('Done')).toBeVisible(), {
      timeout: 30_000,
    });
    await waitFor(() =>
      expect(screen.getByText('Protected')).toBeInTheDocument(),
    );
  });

  it.each([
    [
      'no-annotation' as const,
      'This component does not say where it runs',
      /backstage\.io\/kubernetes-namespace: shop/,
    ],
    [
      'no-consent' as const,
      'Namespace shop does not agree to backups of this component',
      /kubectl annotate namespace shop 'lifeboat\.dev\/entities=/,
    ],
  ])(
    'says what is missing and what to run: %s',
    async (scenario, title, text) => {
      const { container } = await renderTab(scenario);
      const panel = await screen.findByRole('region', { name: title });
      expect(within(panel).getByText(text)).toBeInTheDocument();
      expect(
        within(panel).getByRole('button', { name: /^Copy / }),
      ).toBeInTheDocument();
      expect(screen.queryByRole('tab')).not.toBeInTheDocument();
      expect(await axeViolations(container)).toEqual([]);
    },
  );

  it('says who the owner is, and nothing else, to others', async () => {
    const { container } = await renderTab('not-owner');
    const panel = await screen.findByRole('region', {
      name: 'Only the owner can see these backups',
    });
    expect(within(panel).getByText('team-payments')).toBeInTheDocument();
    expect(screen.queryByText(/objects/)).not.toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
  });

  it('understands a refusal of the whole request', async () => {
    await renderTab('protected', {
      handlers: [
        http.get(protectionUrl, () =>
          errorResponse(403, 'Not yours', {
            code: 'not-owner',
            title: 'Only the owner can see these backups',
            message: 'Not yours',
            owner: 'group:default/team-payments',
          }),
        ),
      ],
    });
    expect(await screen.findByText('team-payments')).toBeInTheDocument();
  });

  it('lets the user choose one of several clusters', async () => {
    await renderTab('choose-cluster');
    await userEvent.click(
      await screen.findByRole('button', { name: /Cluster/ }),
    );
    await userEvent.click(
      await screen.findByRole('option', { name: 'Production' }),
    );
    expect(
      await screen.findByText('namespace shop on cluster Production'),
    ).toBeInTheDocument();
    expect(await screen.findByRole('grid')).toBeInTheDocument();
  });

  it.each([
    [
      'storage-unavailable' as const,
      'The backup storage is unavailable',
      /kubectl describe backupstoragelocations/,
    ],
    [
      'engine-stopped' as const,
      'The backup engine is stopped',
      /kubectl get lease lifeboat-engine -n openshift-adp/,
    ],
    [
      'engine-paused' as const,
      'The backup engine is paused',
      /kubectl get lease lifeboat-engine -n openshift-adp/,
    ],
  ])(
    'says what waits and what still works: %s',
    async (scenario, title, text) => {
      const { container } = await renderTab(scenario);
      const panel = await screen.findByRole('region', { name: title });
      expect(within(panel).getByText(text)).toBeInTheDocument();
      expect(
        within(panel).getByText(/You can still look at recovery points/),
      ).toBeInTheDocument();
      expect(await screen.findByRole('grid')).toBeInTheDocument();
      expect(await axeViolations(container)).toEqual([]);
    },
  );

  it('offers only what the user may do', async () => {
    await renderTab('read-only');
    await screen.findByRole('grid');
    expect(
      screen.queryByRole('button', { name: 'Back up now' }),
    ).not.toBeInTheDocument();
    expect(
      screen.queryByRole('button', { name: 'Restore…' }),
    ).not.toBeInTheDocument();
  });

  it('keeps what is known when the portal does not answer, and says how old it is', async () => {
    let offline = false;
    await renderTab('protected', {
      handlers: [
        http.all(`${mockBaseUrl}/*`, () =>
          offline ? HttpResponse.error() : undefined,
        ),
      ],
    });
    await screen.findByRole('grid');
    offline = true;
    Object.defineProperty(document, 'hidden', {
      configurable: true,
      value: false,
    });
    document.dispatchEvent(new Event('visibilitychange'));
    expect(
      await screen.findByText(/^Live updates are interrupted/),
    ).toBeInTheDocument();
    expect(screen.getByRole('grid')).toBeInTheDocument();
    offline = false;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() =>
      expect(
        screen.queryByText(/^Live updates are interrupted/),
      ).not.toBeInTheDocument(),
    );
  });

  it('says what went wrong when the first read fails, and tries again', async () => {
    let broken = true;
    const { container } = await renderTab('protected', {
      handlers: [
        http.get(protectionUrl, () =>
          broken ? errorResponse(500, 'The database is gone') : undefined,
        ),
      ],
    });
    expect(await screen.findByText('The database is gone')).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
    broken = false;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Protected')).toBeInTheDocument();
  });

  it('cancels a backup that is under way', async () => {
    await renderTab('protected', { runMs: 600_000 });
    await screen.findByRole('grid');
    await userEvent.click(screen.getByRole('button', { name: 'Back up now' }));
    await userEvent.click(
      await screen.findByRole('button', { name: 'Cancel orders-new-01' }),
    );
    expect(
      await screen.findByText('orders-new-01 is being cancelled.'),
    ).toBeInTheDocument();
    expect(
      await within(screen.getByRole('grid')).findByText('Cancelled'),
    ).toBeInTheDocument();
  });

  it('says why a backup was not started', async () => {
    await renderTab('protected', {
      handlers: [
        http.post(pointsUrl, () => errorResponse(409, 'One is running')),
      ],
    });
    await screen.findByRole('grid');
    await userEvent.click(screen.getByRole('button', { name: 'Back up now' }));
    expect(await screen.findByText('One is running')).toBeInTheDocument();
  });
});
