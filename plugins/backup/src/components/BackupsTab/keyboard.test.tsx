import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { renderTab } from '../../__testUtils__/renderTab';

async function pressTabUntil(isThere: () => boolean) {
  for (let presses = 0; presses < 40 && !isThere(); presses += 1) {
    await userEvent.tab();
  }
  expect(isThere()).toBe(true);
}

const isRow = () => document.activeElement?.getAttribute('role') === 'row';

describe('by keyboard', () => {
  it('goes through the tab from top to bottom', async () => {
    await renderTab('protected');
    await screen.findByRole('grid');
    const order: string[] = [];
    for (let presses = 0; presses < 6; presses += 1) {
      await userEvent.tab();
      const { activeElement } = document;
      order.push(
        activeElement?.getAttribute('aria-label') ??
          activeElement?.textContent ??
          '',
      );
    }
    expect(order.slice(0, 4)).toEqual([
      'Back up now',
      'More actions',
      'Recovery points',
      'Search recovery points',
    ]);
  });

  it('opens details from a row, and comes back to it with Esc', async () => {
    await renderTab('protected');
    await screen.findByRole('grid');
    await pressTabUntil(isRow);
    const row = document.activeElement!;
    await userEvent.keyboard('{Enter}');
    const panel = await screen.findByRole('region', {
      name: /^Recovery point /,
    });
    await waitFor(() =>
      expect(panel).toContainElement(document.activeElement as HTMLElement),
    );
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(panel).not.toBeInTheDocument());
    await waitFor(() => expect(row).toHaveFocus());
  });

  it('comes back to the row when a dialog of its menu is left', async () => {
    const { backend } = await renderTab('protected');
    await screen.findByRole('grid');
    const menu = screen.getByRole('button', {
      name: `More actions for ${backend.points[0].name}`,
    });
    await userEvent.click(menu);
    const item = await screen.findByRole('menuitem', { name: 'Delete…' });
    await userEvent.click(item);
    const dialog = await screen.findByRole('dialog');
    await waitFor(() =>
      expect(dialog).toContainElement(document.activeElement as HTMLElement),
    );
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    await waitFor(() =>
      expect(menu.closest('[role=row]')).toContainElement(
        document.activeElement as HTMLElement,
      ),
    );
  });

  it('keeps the focus in the tab when the restore flow is left', async () => {
    const { container } = await renderTab('protected');
    const grid = await screen.findByRole('grid');
    await userEvent.click(
      within(grid).getAllByRole('button', { name: 'Restore…' })[0],
    );
    await screen.findByRole('heading', { name: 'What comes back?' });
    await userEvent.keyboard('{Escape}');
    await screen.findByRole('grid');
    await waitFor(() => expect(document.body).not.toHaveFocus());
    expect(container).toContainElement(document.activeElement as HTMLElement);
  });
});
