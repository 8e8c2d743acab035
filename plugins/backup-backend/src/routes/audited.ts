import type { AuditorService } from '@backstage/backend-plugin-api';
import type { Request } from 'express';
import type { AuditRule } from './Operation';

/** Runs an operation inside an audit event, which says how it ended. */
export async function audited<T>(
  auditor: AuditorService,
  rule: AuditRule | undefined,
  request: Request,
  meta: Record<string, string | undefined>,
  run: () => Promise<T>,
): Promise<T> {
  if (!rule) {
    return run();
  }
  const event = await auditor.createEvent({
    eventId: rule.eventId,
    severityLevel: rule.severity,
    request,
    meta: { actionType: rule.actionType, ...withoutAbsent(meta) },
  });
  try {
    const answer = await run();
    await event.success({ meta: withoutAbsent({ name: nameOf(answer) }) });
    return answer;
  } catch (error) {
    await event.fail({
      error: error instanceof Error ? error : new Error(String(error)),
    });
    throw error;
  }
}

function nameOf(answer: unknown): string | undefined {
  return typeof answer === 'object' && answer !== null && 'name' in answer
    ? String(answer.name)
    : undefined;
}

function withoutAbsent(
  meta: Record<string, string | undefined>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(meta).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
}
