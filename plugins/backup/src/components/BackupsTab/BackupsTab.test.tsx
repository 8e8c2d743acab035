import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axeViolations, renderTab } from '../../__fixtures__/renderTab';

describe('BackupsTab', () => {
  it('shows how the component is protected and its recovery points', async () => {
    const { container } = await renderTab('protected');
    expect(await screen.findByText('Protected')).toBeInTheDocument();
    const table = await screen.findByRole('grid', {
      name: 'Recovery points of orders',
    });
    expect(within(table).getAllByRole('row')).toHaveLength(15);
    expect(await axeViolations(container)).toEqual([]);
  });

  it('shows the new row within a second and follows it until it is done', async () => {
    await renderTab('empty');
    await screen.findByText('No recovery point yet');
    await userEvent.click(
      await screen.findByRole('button', { name: 'Back up now' }),
    );
    expect(
      await screen.findByText('orders-new-01 is being made.', undefined, {
        timeout: 1_000,
      }),
    ).toBeInTheDocument();
    const table = await screen.findByRole('grid', undefined, {
      timeout: 1_000,
    });
    expect(within(table).getByText('orders-new-01')).toBeInTheDocument();
    await waitFor(() => expect(within(table).getByText('Done')).toBeVisible(), {
      timeout: 12_000,
    });
  }, 20_000);
});
