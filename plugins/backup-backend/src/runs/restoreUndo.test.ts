import { restoreUndo } from './restoreUndo';

const now = new Date('2026-11-23T12:00:00Z');

function stateFor(
  stage: string,
  more: {
    said?: string;
    phase?: string;
    undoUntil?: unknown;
    claims?: unknown;
    deleted?: boolean;
  } = {},
) {
  const { claims = [{ name: 'pgdata' }], phase = 'Completed', said } = more;
  const undo = restoreUndo(
    {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: {
        annotations: {
          'lifeboat.dev/in-place-state': JSON.stringify({
            stage,
            namespace: 'shop',
            claims,
            workloads: [],
            undoUntil: more.undoUntil,
          }),
          ...(said && { 'lifeboat.dev/undo': said }),
        },
        ...(more.deleted && { deletionTimestamp: '2026-11-23T11:00:00Z' }),
      },
      spec: {},
      status: { phase } as object,
    },
    now,
  );
  return undo && [undo.state, undo.possible];
}

const later = '2026-11-23T12:00:01Z';

describe('restoreUndo', () => {
  it('is possible as long as the old volumes are kept', () => {
    expect(stateFor('done', { undoUntil: later })).toEqual(['available', true]);
    expect(stateFor('done', { undoUntil: '2026-11-23T12:00:00Z' })).toEqual([
      'expired',
      false,
    ]);
    expect(stateFor('done', { undoUntil: later, deleted: true })).toEqual([
      'available',
      false,
    ]);
  });

  it('leaves it to the engine when nothing is known about the time', () => {
    expect(stateFor('done')).toEqual(['available', true]);
    expect(stateFor('done', { undoUntil: 'soon' })).toEqual([
      'available',
      true,
    ]);
  });

  it('follows a request, and lets one ask again after a refusal', () => {
    expect(stateFor('done', { said: 'requested' })).toEqual([
      'requested',
      false,
    ]);
    expect(stateFor('undoing', { said: 'running' })).toEqual([
      'running',
      false,
    ]);
    expect(stateFor('undone', { said: 'done' })).toEqual(['done', false]);
    expect(stateFor('done', { said: 'refused' })).toEqual(['refused', true]);
    expect(stateFor('done', { said: 'failed', undoUntil: later })).toEqual([
      'failed',
      true,
    ]);
    expect(
      stateFor('done', { said: 'failed', undoUntil: '2026-11-22T12:00:00Z' }),
    ).toEqual(['failed', false]);
    expect(stateFor('undone', { said: 'refused' })).toEqual(['refused', false]);
  });

  it('is absent where no claim got another volume', () => {
    expect(stateFor('undone')).toBeUndefined();
    expect(stateFor('staging')).toBeUndefined();
    expect(stateFor('done', { claims: [] })).toBeUndefined();
    expect(stateFor('done', { claims: 'all' })).toBeUndefined();
    expect(stateFor('done', { phase: 'InProgress' })).toBeUndefined();
  });
});
