import { parseDuration } from '../durations';

/**
 * What is wrong with a field that holds a duration. Absent and empty are right.
 *
 * @public
 */
export function validateDuration(
  value: string | undefined | null,
  field: string,
): string[] {
  if (!value) {
    return [];
  }
  try {
    return parseDuration(value) < 0
      ? [`${field}: ${value} must not be negative`]
      : [];
  } catch (error) {
    return [`${field}: ${(error as Error).message}`];
  }
}

/**
 * What is wrong with a reference to a ConfigMap: Velero takes the kind `configmap` in any case.
 *
 * @public
 */
export function validateConfigMapReference(
  reference: { kind: string; name: string } | undefined | null,
  field: string,
): string[] {
  if (!reference) {
    return [];
  }
  const problems: string[] = [];
  if (reference.kind?.toLowerCase() !== 'configmap') {
    problems.push(
      `${field}.kind: "${reference.kind}" is not supported, use "configmap"`,
    );
  }
  if (!reference.name) {
    problems.push(`${field}.name: must name a ConfigMap`);
  }
  return problems;
}

/**
 * What is wrong with a count. Absent is right.
 *
 * @public
 */
export function validateCount(
  value: number | undefined | null,
  field: string,
): string[] {
  return value === undefined ||
    value === null ||
    (Number.isInteger(value) && value >= 0)
    ? []
    : [`${field}: ${value} must be a whole number, 0 or more`];
}

/**
 * What is wrong with a hook's command and failure mode.
 *
 * @public
 */
export function validateExecHook(
  exec: { command?: string[]; onError?: string },
  field: string,
): string[] {
  const problems: string[] = [];
  if (!exec.command?.length) {
    problems.push(`${field}.command: must have at least one element`);
  }
  if (
    exec.onError !== undefined &&
    exec.onError !== 'Continue' &&
    exec.onError !== 'Fail'
  ) {
    problems.push(
      `${field}.onError: "${exec.onError}" is not allowed, use Continue or Fail`,
    );
  }
  return problems;
}
