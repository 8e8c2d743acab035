import type { PhaseStep } from '@lifeboat/backstage-plugin-backup-common';

/**
 * The phases that a run has surely passed, with the times that its resource
 * keeps; phases between them leave no trace and are not made up.
 */
export function phaseSteps(
  createdAt: string | undefined,
  status: {
    phase?: string;
    startTimestamp?: string;
    completionTimestamp?: string;
  },
): PhaseStep[] {
  const steps: PhaseStep[] = [
    { phase: 'New', ...(createdAt && { at: createdAt }) },
  ];
  if (status.startTimestamp) {
    steps.push({ phase: 'InProgress', at: status.startTimestamp });
  }
  const phase = status.phase || 'New';
  if (steps.at(-1)?.phase !== phase) {
    steps.push({
      phase,
      ...(status.completionTimestamp && { at: status.completionTimestamp }),
    });
  }
  return steps;
}
