import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { RestoreUndo } from '@lifeboat/backstage-plugin-backup-common';
import { http } from 'msw';
import type { MockBackend, Scenario } from '../../__testUtils__/MockBackend';
import { errorResponse, mockBaseUrl } from '../../__testUtils__/mockHandlers';
import {
  axeViolations,
  renderTab,
  RenderTabOptions,
} from '../../__testUtils__/renderTab';

const name = 'orders-to-shop-restore-1121';
const threeDays = 3 * 24 * 3600;

/** Opens the details of a restore in place that can be undone, or is as `undo` says. */
async function open(
  undo: Partial<RestoreUndo> = {},
  options: RenderTabOptions & { scenario?: Scenario } = {},
) {
  const rendered = await renderTab(options.scenario ?? 'protected', {
    ...options,
    query: `?view=restores&restore=${name}`,
    prepare: (backend: MockBackend) => {
      Object.assign(backend.restores[0], {
        inPlace: true,
        targetNamespace: 'shop',
        safetyPoint: backend.points[0].name,
        undo: {
          state: 'available',
          possible: true,
          claims: ['data-postgres-0'],
          until: new Date(Date.now() + threeDays * 1000).toISOString(),
          keptSeconds: threeDays,
          ...undo,
        },
      });
    },
  });
  const panel = await screen.findByRole('region', { name: `Restore ${name}` });
  return { ...rendered, panel };
}

const undoButton = () => screen.findByRole('button', { name: 'Undo…' });

describe('RestoreDetail', () => {
  it('undoes a restore in place after a question, and follows that to its end', async () => {
    const { panel, backend, container } = await open();
    expect(
      await within(panel).findByText(/^This restore can be undone until /),
    ).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);

    await userEvent.click(await undoButton());
    const dialog = await screen.findByRole('dialog', {
      name: 'Undo this restore?',
    });
    expect(dialog).toHaveTextContent(
      'The volume from before the restore comes back, as it was then: data-postgres-0.',
    );
    expect(dialog).toHaveTextContent(
      'What uses it is stopped for a moment and started again.',
    );
    expect(dialog).toHaveTextContent(
      /with the restored data, and all that was written since, is kept until about \S.* and then removed/,
    );
    expect(dialog).toHaveTextContent(
      `They are in the safety point ${backend.points[0].name} as they were before.`,
    );
    expect(await axeViolations(dialog)).toEqual([]);
    await userEvent.keyboard('{Escape}');
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    expect(await undoButton()).toHaveFocus();
    expect(backend.restores[0].undo?.state).toBe('available');

    await userEvent.keyboard('{Enter}');
    await userEvent.click(
      await screen.findByRole('button', { name: 'Undo restore' }),
    );
    expect(
      await screen.findByText(`${name} is being undone.`),
    ).toBeInTheDocument();
    await waitFor(() =>
      expect(
        screen.queryByRole('button', { name: 'Undo…' }),
      ).not.toBeInTheDocument(),
    );
    const list = screen.getByRole('grid');
    expect(await within(list).findByText('being undone')).toBeInTheDocument();
    const done = await within(panel).findByText(
      'The restore was undone: the volume from before is back (data-postgres-0)',
      {},
      { timeout: 8_000 },
    );
    expect(done.closest('[role="status"]')).toHaveTextContent(
      /The volume with the restored data is kept until \S/,
    );
    expect(await within(list).findByText('undone')).toBeInTheDocument();
    expect(
      within(panel).queryByText('shop was restored.'),
    ).not.toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
  }, 30_000);

  it.each([
    [
      { state: 'requested', possible: false },
      'Undoing was asked for',
      'The engine has not begun yet.',
    ],
    [
      { state: 'running', possible: false },
      'The restore is being undone',
      'What uses it is stopped for the moment.',
    ],
    [
      { state: 'expired', possible: false },
      'This restore cannot be undone any more',
      'The volume from before it was kept until ',
    ],
    [
      {
        state: 'refused',
        possible: true,
        message: 'the restore cannot be undone: pod x uses it. Nothing changed',
      },
      'The restore was not undone',
      'The restore cannot be undone: pod x uses it. Nothing changed.',
    ],
    [
      { state: 'failed', possible: true, message: 'it took too long' },
      'Undoing the restore failed',
      'It took too long.',
    ],
  ] as const)('says what is: %j', async (undo, title, text) => {
    const { panel, container } = await open(undo);
    const status = (await within(panel).findByText(title)).closest(
      '[role="status"]',
    );
    expect(status).toHaveTextContent(text);
    expect(screen.queryAllByRole('button', { name: 'Undo…' })).toHaveLength(
      undo.possible ? 1 : 0,
    );
    expect(await axeViolations(container)).toEqual([]);
  });

  it('offers it only to those who may restore', async () => {
    const { panel } = await open({}, { scenario: 'read-only' });
    expect(
      await within(panel).findByText(/^This restore can be undone until /),
    ).toBeInTheDocument();
    expect(
      screen.queryByRole('button', { name: 'Undo…' }),
    ).not.toBeInTheDocument();
  });

  it('says why the server does not undo it, and looks again', async () => {
    const { backend } = await open(
      {},
      {
        handlers: [
          http.post(
            `${mockBaseUrl}/entities/:kind/:namespace/:name/restores/:restore/undo`,
            () => {
              backend.restores[0].undo!.state = 'expired';
              backend.restores[0].undo!.possible = false;
              return errorResponse(409, 'The time to undo it is over');
            },
          ),
        ],
      },
    );
    await userEvent.click(await undoButton());
    await userEvent.click(
      await screen.findByRole('button', { name: 'Undo restore' }),
    );
    expect(
      await screen.findByText(/The time to undo it is over/),
    ).toBeInTheDocument();
    expect(
      await screen.findByText('This restore cannot be undone any more'),
    ).toBeInTheDocument();
  });
});
