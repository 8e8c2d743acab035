import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axeViolations, renderTab } from '../../__testUtils__/renderTab';

describe('RestoresView', () => {
  it('lists restores with a link to what they made', async () => {
    const { container } = await renderTab('protected');
    await userEvent.click(await screen.findByRole('tab', { name: 'Restores' }));
    const table = await screen.findByRole('grid', {
      name: 'Restores of orders',
    });
    expect(within(table).getByText('shop-restore-1121')).toBeInTheDocument();
    expect(
      within(table).getByRole('link', { name: 'Open the copy' }),
    ).toHaveAttribute('href', '/demo/shop-restore-1121/');
    expect(await axeViolations(container)).toEqual([]);
  });

  it('opens details by their own link', async () => {
    await renderTab('protected', {
      query: '?view=restores&restore=orders-to-shop-restore-1121',
    });
    const panel = await screen.findByRole('region', {
      name: 'Restore orders-to-shop-restore-1121',
    });
    expect(
      await within(panel).findByText(
        'The copy is there: namespace shop-restore-1121.',
      ),
    ).toBeInTheDocument();
    expect(
      within(panel).getByText(
        'kubectl get restores.velero.io orders-to-shop-restore-1121 -n openshift-adp -o yaml',
      ),
    ).toBeInTheDocument();
    const marked = within(screen.getByRole('grid'))
      .getAllByRole('row')
      .filter(row => row.className.includes('openRow'));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toHaveTextContent('orders-to-shop-restore-1121');
    await userEvent.click(within(panel).getByRole('button', { name: 'Close' }));
    expect(marked[0].className).not.toContain('openRow');
  });

  it('shows in its row that a restore was undone', async () => {
    await renderTab('protected', {
      query: '?view=restores',
      prepare: backend => {
        backend.restores[0].undo = {
          state: 'done',
          possible: false,
          claims: ['data-postgres-0'],
        };
      },
    });
    expect(
      await within(await screen.findByRole('grid')).findByText('undone'),
    ).toBeInTheDocument();
  });

  it('says what a restore is while there is none', async () => {
    const { container } = await renderTab('empty', { query: '?view=restores' });
    expect(
      await screen.findByText('Nothing was restored yet'),
    ).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
  });
});
