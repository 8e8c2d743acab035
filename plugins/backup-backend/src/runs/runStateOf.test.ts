import { backupPhases, restorePhases } from '@lifeboat/velero-api';
import { runStateOf } from './runStateOf';

it.each([
  [undefined, 'waiting'],
  ['', 'waiting'],
  ['New', 'waiting'],
  ['Queued', 'waiting'],
  ['ReadyToStart', 'waiting'],
  ['InProgress', 'running'],
  ['WaitingForPluginOperationsPartiallyFailed', 'running'],
  ['Finalizing', 'running'],
  ['Completed', 'done'],
  ['PartiallyFailed', 'needs-attention'],
  ['Failed', 'failed'],
  ['FailedValidation', 'failed'],
  ['Deleting', 'deleting'],
  ['SomethingNew', 'needs-attention'],
])('%s is %s', (phase, state) => {
  expect(runStateOf(phase)).toBe(state);
});

it('knows a cancelled run by its reason', () => {
  const failureReason = 'Canceled by user:default/guest';
  expect(runStateOf('Failed', { failureReason })).toBe('cancelled');
});

it('shows a deletion that was asked for', () => {
  expect(runStateOf('Completed', { deletionRequested: true })).toBe('deleting');
});

it('knows every phase there is', () => {
  const expected = ['PartiallyFailed'];
  expect(
    [...backupPhases, ...restorePhases].filter(
      phase => runStateOf(phase) === 'needs-attention',
    ),
  ).toEqual([...expected, ...expected]);
});
