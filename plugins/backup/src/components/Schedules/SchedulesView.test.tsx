import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axeViolations, renderTab } from '../../__testUtils__/renderTab';

async function choose(item: string) {
  await userEvent.click(
    await screen.findByRole('button', {
      name: 'More actions for orders-nightly',
    }),
  );
  await userEvent.click(await screen.findByRole('menuitem', { name: item }));
}

describe('SchedulesView', () => {
  it('lists schedules as sentences, pauses and resumes them', async () => {
    const { container } = await renderTab('protected', {
      query: '?view=schedules',
    });
    const table = await screen.findByRole('grid', {
      name: 'Schedules of orders',
    });
    expect(within(table).getByText('At 02:00, every day')).toBeInTheDocument();
    expect(within(table).getByText('30 days')).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
    await choose('Pause');
    expect(await within(table).findByText('Paused')).toBeInTheDocument();
    expect(within(table).getByText('none while paused')).toBeInTheDocument();
    await choose('Resume');
    expect(await within(table).findByText('Active')).toBeInTheDocument();
  });

  it('refreshes the header at once', async () => {
    await renderTab('empty', { query: '?view=schedules&form=schedule' });
    const header = await screen.findByRole('region', {
      name: 'Protection of orders',
    });
    expect(header).toHaveTextContent('Next run:no schedule');
    await userEvent.click(
      await screen.findByRole('button', { name: 'Create schedule' }),
    );
    await waitFor(() =>
      expect(header).toHaveTextContent(/Next run:(today|tomorrow) /),
    );
  });

  it('creates a schedule, with the next runs shown before', async () => {
    const { backend, container } = await renderTab('empty', {
      query: '?view=schedules',
    });
    await userEvent.click(
      await screen.findByRole('button', { name: 'New schedule' }),
    );
    expect(
      await screen.findByRole('heading', { name: 'New schedule' }),
    ).toHaveFocus();
    const form = screen.getByText(/^Next 5 runs/).parentElement!;
    expect(within(form).getAllByRole('listitem')).toHaveLength(5);
    expect(await axeViolations(container)).toEqual([]);

    const cron = screen.getByRole('textbox', { name: /Cron expression/ });
    await userEvent.clear(cron);
    await userEvent.type(cron, '99 * * * *');
    expect(
      await screen.findByText(/^This is not a cron expression/),
    ).toBeInTheDocument();
    expect(
      screen.getByRole('button', { name: 'Create schedule' }),
    ).toBeDisabled();
    await userEvent.clear(cron);
    await userEvent.type(cron, '30 4 * * 1');
    expect(
      await screen.findByText('At 04:30, only on Monday'),
    ).toBeInTheDocument();
    await userEvent.click(
      screen.getByRole('button', { name: 'Create schedule' }),
    );
    expect(
      await screen.findByText(/^The schedule is active\. Next run:/),
    ).toBeInTheDocument();
    expect(backend.schedules).toMatchObject([
      { cron: '30 4 * * 1', ttl: '720h0m0s' },
    ]);
    expect(screen.getByRole('grid')).toBeInTheDocument();
  });

  it('runs a schedule now', async () => {
    await renderTab('protected', { query: '?view=schedules' });
    await choose('Run now');
    expect(
      await screen.findByText('orders-new-01 is being made.'),
    ).toBeInTheDocument();
    expect(
      await screen.findByRole('grid', { name: 'Recovery points of orders' }),
    ).toBeInTheDocument();
  });

  it('asks before it deletes', async () => {
    const { backend } = await renderTab('protected', {
      query: '?view=schedules',
    });
    await choose('Delete…');
    const dialog = await screen.findByRole('dialog', {
      name: 'Delete this schedule?',
    });
    expect(await axeViolations(dialog)).toEqual([]);
    await userEvent.click(
      within(dialog).getByRole('button', { name: 'Delete schedule' }),
    );
    await waitFor(() => expect(backend.schedules).toEqual([]));
    expect(await screen.findByText('No schedule yet')).toBeInTheDocument();
  });
});
