import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axeViolations, renderTab } from '../../__testUtils__/renderTab';
import { MockBackend } from '../../__testUtils__/MockBackend';

function nameOf(index: number) {
  return new MockBackend('protected').points[index].name;
}

async function open(index: number, prepare?: (backend: MockBackend) => void) {
  const name = nameOf(index);
  const rendered = await renderTab('protected', {
    query: `?point=${name}`,
    prepare,
  });
  const panel = await screen.findByRole('region', {
    name: `Recovery point ${name}`,
  });
  return { ...rendered, panel, name };
}

describe('RecoveryPointDetail', () => {
  beforeEach(() => {
    jest.useFakeTimers({
      now: Date.parse('2026-11-23T09:00:00Z'),
      advanceTimers: true,
      doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate', 'performance'],
    });
  });
  afterEach(() => jest.useRealTimers());

  it('opens by its own link, with everything about the point', async () => {
    const { container, panel, name } = await open(2);
    expect(
      await within(panel).findByText('What needs attention'),
    ).toBeInTheDocument();
    expect(within(panel).getByText('2 min 14 s')).toBeInTheDocument();
    expect(within(panel).getByText('PartiallyFailed')).toBeInTheDocument();
    expect(within(panel).getByText('Errors (1)')).toBeInTheDocument();
    expect(within(panel).getByText('Warnings (1)')).toBeInTheDocument();
    const volumes = within(panel).getByRole('list', { name: 'Volumes' });
    expect(volumes).toHaveTextContent(
      'data-postgres-0Not includedClass standard cannot make snapshots',
    );
    expect(within(panel).getByText('StatefulSet')).toBeInTheDocument();
    expect(
      within(panel).getByText(
        'Objects only: the data of 1 volume is not included',
      ),
    ).toBeInTheDocument();
    expect(
      within(panel).getByText(
        `kubectl get backups.velero.io ${name} -n openshift-adp -o yaml`,
      ),
    ).toBeInTheDocument();
    expect(
      screen.getByRole('heading', { name: /^Recovery point/ }),
    ).toHaveFocus();
    expect(await axeViolations(container)).toEqual([]);
  });

  it('says how the data of a volume was taken, how much there is and how much was new', async () => {
    const { panel, container } = await open(0);
    const volumes = await within(panel).findByRole('list', { name: 'Volumes' });
    expect(volumes).toHaveTextContent(
      'data-postgres-0DoneSnapshot, its data kept in the backup storage900 MiB · 96 MiB in new or changed files · 31 MiB newly stored',
    );
    expect(within(panel).getByText('900 MiB, 31 MiB new')).toBeInTheDocument();
    expect(panel).not.toHaveTextContent('Objects only');
    expect(await axeViolations(container)).toEqual([]);
  });

  it('follows the data of a volume while it travels', async () => {
    const { panel } = await open(0, mock => {
      Object.assign(mock.points[0], {
        state: 'running',
        phase: 'WaitingForPluginOperations',
        completedAt: undefined,
        // The mocked run is as good as endless.
        createdAt: new Date(Date.now() - 500).toISOString(),
        volumes: undefined,
      });
    });
    const volumes = await within(panel).findByRole('list', { name: 'Volumes' });
    expect(volumes).toHaveTextContent(
      '412 MiB of 900 MiB, 38 MiB/s, 13 s left',
    );
    expect(
      within(volumes).getByRole('progressbar', {
        name: /^data-postgres-0: 412\sMiB of 900\sMiB, 38\sMiB\/s, 13\ss\sleft$/,
      }),
    ).toHaveAttribute('aria-valuenow', '46');
  });

  it('shows, searches and filters the log', async () => {
    const { panel } = await open(0);
    const user = userEvent.setup({ advanceTimers: jest.advanceTimersByTime });
    await user.click(await within(panel).findByText('Log'));
    const lines = await within(panel).findByRole('list', {
      name: 'Log lines',
    });
    expect(within(lines).getAllByRole('listitem')).toHaveLength(6);
    await user.type(
      within(panel).getByRole('searchbox', { name: 'Search the log' }),
      'forbidden',
    );
    expect(
      within(
        within(panel).getByRole('list', { name: 'Log lines' }),
      ).getAllByRole('listitem'),
    ).toHaveLength(1);
    expect(within(panel).getByText('1 of 6 lines')).toBeInTheDocument();
  });

  it('closes on Esc and keeps the list', async () => {
    await open(0);
    const user = userEvent.setup({ advanceTimers: jest.advanceTimersByTime });
    await user.keyboard('{Escape}');
    await waitFor(() =>
      expect(
        screen.queryByRole('region', { name: /^Recovery point/ }),
      ).not.toBeInTheDocument(),
    );
    expect(screen.getByRole('grid')).toBeInTheDocument();
  });

  it('says so when the point does not exist', async () => {
    const { container } = await renderTab('protected', {
      query: '?point=long-gone',
    });
    expect(
      await screen.findByText('This recovery point does not exist'),
    ).toBeInTheDocument();
    expect(await axeViolations(container)).toEqual([]);
  });
});
