import { ResponseError } from '@backstage/errors';
import { openApiDocument } from '../api/openapi';
import type { Problem, ProblemCode } from '../api/viewModels';

const codes: readonly string[] =
  openApiDocument.components.schemas.Problem.properties.code.enum;

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * The problem that the server named in an error, if it named one. Anything else
 * (another plugin's error, a network failure, a malformed body) gives undefined.
 *
 * @public
 */
export function problemOf(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || error.name !== 'ResponseError') {
    return undefined;
  }
  const problem = (error as ResponseError).body?.error?.problem;
  if (typeof problem !== 'object' || problem === null) {
    return undefined;
  }
  const { code, title, message, command, yaml, owner } = problem as Record<
    string,
    unknown
  >;
  if (
    typeof code !== 'string' ||
    !codes.includes(code) ||
    typeof title !== 'string' ||
    typeof message !== 'string'
  ) {
    return undefined;
  }
  return {
    code: code as ProblemCode,
    title,
    message,
    ...(text(command) !== undefined && { command: text(command) }),
    ...(text(yaml) !== undefined && { yaml: text(yaml) }),
    ...(text(owner) !== undefined && { owner: text(owner) }),
  };
}
