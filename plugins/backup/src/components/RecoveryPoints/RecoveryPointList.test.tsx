import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http } from 'msw';
import { mockBaseUrl } from '../../__testUtils__/mockHandlers';
import { axeViolations, renderTab } from '../../__testUtils__/renderTab';
import { pointColumns } from './RecoveryPointList';

async function rows() {
  const table = await screen.findByRole('grid');
  return within(table).getAllByRole('row').slice(1);
}

describe('RecoveryPointList', () => {
  it('searches and filters', async () => {
    await renderTab('run-failed');
    expect(await rows()).toHaveLength(15);
    await userEvent.type(
      screen.getByRole('searchbox', { name: 'Search recovery points' }),
      'access denied',
    );
    await waitFor(async () => expect(await rows()).toHaveLength(1));
    expect(
      within(screen.getByRole('grid')).getByText('Failed'),
    ).toBeInTheDocument();
    expect(
      screen.getByText(/default refused the upload: access denied/),
    ).toBeInTheDocument();
  });

  it('reads filter, sort and page from the link', async () => {
    const { backend } = await renderTab('many', {
      query: '?page=100&sort=created',
    });
    const last = await rows();
    expect(last).toHaveLength(20);
    expect(
      within(last[19]).getByText(backend.points[0].name),
    ).toBeInTheDocument();
    expect(screen.getByText('1981–2000 of 2000')).toBeInTheDocument();
  });

  it('draws one page of a long list, and reads it in pages', async () => {
    const requested: string[] = [];
    await renderTab('many', {
      handlers: [
        http.get(
          `${mockBaseUrl}/entities/:kind/:namespace/:name/backups`,
          ({ request }) => {
            requested.push(new URL(request.url).search);
            return undefined;
          },
        ),
      ],
    });
    expect(await rows()).toHaveLength(20);
    expect(screen.getByText('1–20 of 2000')).toBeInTheDocument();
    expect(requested).toHaveLength(4);
    expect(requested[3]).toBe('?limit=500&cursor=1500');
    await userEvent.click(screen.getByRole('button', { name: /Next/ }));
    await waitFor(() =>
      expect(screen.getByText('21–40 of 2000')).toBeInTheDocument(),
    );
    expect(await rows()).toHaveLength(20);
    // Turning a page asks nobody.
    expect(requested).toHaveLength(4);
  });

  it('says so when nothing matches, with a way back', async () => {
    await renderTab('protected', { query: '?q=nothing-like-this' });
    expect(
      await screen.findByText('No recovery point matches this search.'),
    ).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Show all' }));
    await waitFor(async () => expect(await rows()).toHaveLength(14));
  });

  it('sorts by a column', async () => {
    const { backend } = await renderTab('protected');
    await rows();
    await userEvent.click(
      screen.getByRole('columnheader', { name: 'Recovery point' }),
    );
    const oldest = backend.points[backend.points.length - 1].name;
    await waitFor(async () =>
      expect(within((await rows())[0]).getByText(oldest)).toBeInTheDocument(),
    );
  });

  it('asks before it deletes, and shows that it is being deleted', async () => {
    const { backend } = await renderTab('protected');
    const { name } = backend.points[0];
    await rows();
    await userEvent.click(
      screen.getByRole('button', { name: `More actions for ${name}` }),
    );
    await userEvent.click(
      await screen.findByRole('menuitem', { name: 'Delete…' }),
    );
    const dialog = await screen.findByRole('dialog', {
      name: 'Delete this recovery point?',
    });
    expect(
      within(dialog).getByText(
        /from object storage for good: 15 objects, 1 volume\. This cannot be undone/,
      ),
    ).toBeInTheDocument();
    expect(await axeViolations(dialog)).toEqual([]);
    await userEvent.keyboard('{Escape}');
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    expect(backend.points[0].state).toBe('done');

    await userEvent.click(
      screen.getByRole('button', { name: `More actions for ${name}` }),
    );
    await userEvent.click(
      await screen.findByRole('menuitem', { name: 'Delete…' }),
    );
    await userEvent.click(
      await screen.findByRole('button', { name: 'Delete recovery point' }),
    );
    expect(
      await screen.findByText(`${name} is being deleted.`),
    ).toBeInTheDocument();
    await waitFor(
      () => expect(screen.queryByText(name)).not.toBeInTheDocument(),
      {
        timeout: 8_000,
      },
    );
  });
});

describe('pointColumns', () => {
  it('leaves out columns where there is no room', () => {
    expect(pointColumns(undefined)).toHaveLength(6);
    expect(pointColumns(1_000)).toHaveLength(6);
    expect(pointColumns(700)).toEqual([
      'created',
      'state',
      'contents',
      'actions',
    ]);
    expect(pointColumns(360)).toEqual(['created', 'actions']);
  });
});
