import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http } from 'msw';
import { errorResponse, mockBaseUrl } from '../../__testUtils__/mockHandlers';
import { axeViolations, renderTab } from '../../__testUtils__/renderTab';

async function next() {
  const button = screen.getByRole('button', { name: 'Next' });
  await waitFor(() => expect(button).toBeEnabled());
  await userEvent.click(button);
}

describe('RestoreFlow', () => {
  it('restores a copy into the namespace that is filled in, and links to it', async () => {
    const { backend, container } = await renderTab('protected', {
      query: '?flow=restore',
    });
    expect(
      await screen.findByRole('heading', { name: 'Which recovery point?' }),
    ).toHaveFocus();
    expect(screen.getByRole('button', { name: 'Next' })).toBeDisabled();
    await userEvent.click((await screen.findAllByRole('radio'))[0]);
    expect(await axeViolations(container)).toEqual([]);
    await next();

    expect(
      screen.getByText(
        '15 objects of this recovery point and the data of 1 volume',
      ),
    ).toBeVisible();
    expect(screen.queryByText(/created empty/)).not.toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
    await next();

    expect(
      await screen.findByText('shop-restore-1122 is free. It will be created.'),
    ).toBeInTheDocument();
    expect(
      screen.getByRole('textbox', { name: /Name of the new namespace/ }),
    ).toHaveValue('shop-restore-1122');
    expect(await axeViolations(container)).toEqual([]);
    await next();

    expect(
      await screen.findByText(
        'Namespace shop-restore-1122 is created on cluster demo.',
      ),
    ).toBeInTheDocument();
    expect(
      screen.getByText(
        'Route orders-legacy: its host is in use by the original',
      ),
    ).toBeInTheDocument();
    expect(
      screen.getByText(/comes back from the backup storage/),
    ).toHaveTextContent(
      'data-postgres-0: comes back from the backup storage, into a new volume (900 MiB)',
    );
    expect(await axeViolations(container)).toEqual([]);
    await userEvent.click(
      screen.getByRole('button', {
        name: 'Create shop-restore-1122 with 14 objects',
      }),
    );

    const panel = await screen.findByRole('region', {
      name: /^Restore orders-restore/,
    });
    expect(backend.restores[0]).toMatchObject({
      targetNamespace: 'shop-restore-1122',
      inPlace: false,
    });
    const link = await within(panel).findByRole('link', {
      name: 'Open the copy',
    });
    expect(link).toHaveAttribute('href', '/demo/shop-restore-1122/');
    expect(await axeViolations(container)).toEqual([]);
  });

  it('checks the name while it is typed', async () => {
    const { backend } = await renderTab('protected', {
      query: '?flow=restore',
    });
    await userEvent.click((await screen.findAllByRole('radio'))[0]);
    await next();
    await next();
    const field = await screen.findByRole('textbox', {
      name: /Name of the new namespace/,
    });
    await waitFor(() => expect(field).toHaveValue('shop-restore-1122'));

    await userEvent.clear(field);
    expect(await screen.findByText('Enter a name.')).toBeInTheDocument();
    await userEvent.type(field, 'shop');
    expect(
      await screen.findByText(/That is the original namespace/),
    ).toBeInTheDocument();
    await userEvent.type(field, '_1');
    expect(
      await screen.findByText(/Only lower-case letters/),
    ).toBeInTheDocument();
    await userEvent.clear(field);
    await userEvent.type(field, 'kube-system');
    expect(
      await screen.findByText('kube-system cannot be used.'),
    ).toBeInTheDocument();
    expect(
      screen.getByText(/may be created in namespaces named shop-\*/),
    ).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Next' })).toBeDisabled();
    await userEvent.clear(field);
    await userEvent.type(field, 'shop-staging');
    expect(
      await screen.findByText(
        /shop-staging exists and agrees to this component/,
        undefined,
      ),
    ).toBeInTheDocument();
    expect(backend.restores).toHaveLength(1);
  });

  async function checkInPlace() {
    await userEvent.click((await screen.findAllByRole('radio'))[0]);
    await next();
    await next();
    await userEvent.click(
      await screen.findByRole('radio', { name: /In place, in shop/ }),
    );
    await userEvent.click(
      screen.getByRole('radio', { name: /Change them back/ }),
    );
    const field = screen.getByRole('textbox', { name: /Type orders/ });
    expect(screen.getByRole('button', { name: 'Next' })).toBeDisabled();
    await userEvent.type(field, 'payments');
    expect(
      screen.getByText('This is not the name of the component.'),
    ).toBeInTheDocument();
    await userEvent.clear(field);
    await userEvent.type(field, 'orders');
    await next();
  }

  it('restores in place when the name is typed, after a safety point that the result names', async () => {
    const { backend, container } = await renderTab('protected', {
      query: '?flow=restore',
    });
    await checkInPlace();
    expect(
      await screen.findByText('A safety point is taken first'),
    ).toBeInTheDocument();
    expect(
      screen.getByRole('checkbox', { name: 'Restore without a safety point' }),
    ).not.toBeChecked();
    expect(await axeViolations(container)).toEqual([]);
    await userEvent.click(
      screen.getByRole('button', { name: 'Restore 15 objects into shop' }),
    );
    expect(
      await screen.findByText('Taking the safety point orders-new-01'),
    ).toBeInTheDocument();
    expect(backend.restoreRequests).toEqual([]);
    expect(await screen.findByText(/^\d+ of 15 objects$/)).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);

    const panel = await screen.findByRole(
      'region',
      { name: /^Restore orders-restore/ },
      { timeout: 8_000 },
    );
    expect(backend.restoreRequests).toEqual([
      expect.objectContaining({ inPlace: true, safetyPoint: 'orders-new-01' }),
    ]);
    expect(backend.points[0].note).toContain('was restored in place');
    const link = await within(panel).findByRole('link', {
      name: 'orders-new-01',
    });
    expect(link).toHaveAttribute(
      'href',
      expect.stringContaining('point=orders-new-01'),
    );
    await userEvent.click(link);
    expect(
      await screen.findByRole('region', {
        name: 'Recovery point orders-new-01',
      }),
    ).toBeInTheDocument();
  });

  it('does not start where nothing is missing', async () => {
    const { container } = await renderTab('protected', {
      query: '?flow=restore',
    });
    await userEvent.click((await screen.findAllByRole('radio'))[0]);
    await next();
    await next();
    await userEvent.click(
      await screen.findByRole('radio', { name: /In place, in shop/ }),
    );
    await userEvent.type(
      screen.getByRole('textbox', { name: /Type orders/ }),
      'orders',
    );
    await next();
    expect(await screen.findByText(/^Nothing is missing/)).toBeInTheDocument();
    expect(screen.queryByText(/safety point/)).not.toBeInTheDocument();
    expect(
      screen.getByRole('button', { name: 'Restore 0 objects into shop' }),
    ).toBeDisabled();
    expect(await axeViolations(container)).toEqual([]);
  });

  it('goes without a safety point only when that was chosen', async () => {
    const { backend, container } = await renderTab('protected', {
      query: '?flow=restore',
    });
    const before = backend.points.length;
    await checkInPlace();
    await userEvent.click(
      await screen.findByRole('checkbox', {
        name: 'Restore without a safety point',
      }),
    );
    expect(screen.getByText('No safety point is taken')).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
    await userEvent.click(
      screen.getByRole('button', {
        name: 'Restore 15 objects into shop without a safety point',
      }),
    );
    await screen.findByRole('region', { name: /^Restore orders-restore/ });
    expect(backend.restoreRequests).toEqual([
      expect.objectContaining({ inPlace: true, skipSafetyPoint: true }),
    ]);
    expect(backend.points).toHaveLength(before);
  });

  it('restores nothing when the safety point is not complete, and shows it', async () => {
    const { backend } = await renderTab('protected', {
      query: '?flow=restore',
    });
    await checkInPlace();
    await userEvent.click(
      await screen.findByRole('button', {
        name: 'Restore 15 objects into shop',
      }),
    );
    await screen.findByText('Taking the safety point orders-new-01');
    Object.assign(backend.points[0], {
      state: 'failed',
      phase: 'Failed',
      reason: 'The bucket is full',
    });
    expect(
      await screen.findByText(
        'The safety point is not complete, so nothing was restored',
      ),
    ).toBeInTheDocument();
    expect(screen.getByText('The bucket is full')).toBeInTheDocument();
    expect(
      screen.getByRole('link', { name: 'Show the safety point' }),
    ).toBeInTheDocument();
    expect(backend.restoreRequests).toEqual([]);
    expect(
      screen.getByRole('button', { name: 'Restore 15 objects into shop' }),
    ).toBeEnabled();
  });

  it('restores nothing when one leaves while the safety point is made', async () => {
    const { backend } = await renderTab('protected', {
      query: '?flow=restore',
    });
    await checkInPlace();
    await userEvent.click(
      await screen.findByRole('button', {
        name: 'Restore 15 objects into shop',
      }),
    );
    await screen.findByText('Taking the safety point orders-new-01');
    await userEvent.click(
      screen.getByRole('button', { name: 'Leave restore' }),
    );
    await waitFor(() => expect(backend.listPoints()[0].state).toBe('done'), {
      timeout: 8_000,
    });
    expect(backend.restoreRequests).toEqual([]);
  });

  it('starts at the second step when a point was chosen in the list', async () => {
    await renderTab('protected');
    await screen.findByRole('grid');
    await userEvent.click(
      screen.getAllByRole('button', { name: 'Restore…' })[0],
    );
    expect(
      await screen.findByRole('heading', { name: 'What comes back?' }),
    ).toBeInTheDocument();
    await userEvent.keyboard('{Escape}');
    expect(await screen.findByRole('grid')).toBeInTheDocument();
  });

  it('says why it was not started', async () => {
    await renderTab('protected', {
      query: '?flow=restore',
      handlers: [
        http.post(
          `${mockBaseUrl}/entities/:kind/:namespace/:name/restores`,
          () => errorResponse(409, 'The namespace appeared meanwhile'),
        ),
      ],
    });
    await userEvent.click((await screen.findAllByRole('radio'))[0]);
    await next();
    await next();
    await next();
    await userEvent.click(
      await screen.findByRole('button', { name: /^Create shop-restore-1122/ }),
    );
    expect(
      await screen.findByText('The namespace appeared meanwhile'),
    ).toBeInTheDocument();
  });
});
