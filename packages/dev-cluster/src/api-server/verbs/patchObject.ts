import { badRequest, StatusError, unsupportedMediaType } from '../StatusError';
import { JsonObject, parseJson } from '../json';
import { kubernetesDefinitions } from '../kubernetes/definitions';
import { jsonPatch } from '../patch/jsonPatch';
import { mergePatch } from '../patch/mergePatch';
import { strategicMergePatch } from '../patch/strategicMergePatch';
import { ResourceType } from '../resources/ResourceType';

const accepted = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/**
 * The function that a PATCH request stands for. Throws 415 for the kinds of patch that are not carried out: server-side
 * apply needs managedFields, which are not kept here, and strategic merge needs a built-in type.
 */
export function patchOf(
  contentType: string,
  body: string,
  schemaName: string,
  type: ResourceType,
): (current: JsonObject) => unknown {
  const mediaType = contentType.split(';')[0].trim();
  if (mediaType.startsWith('application/apply-patch')) {
    throw unsupportedMediaType(
      `server-side apply is not supported by this server: use kubectl without --server-side (accepted media types include: ${accepted.join(
        ', ',
      )})`,
    );
  }
  const strategic = mediaType === accepted[2];
  if (!accepted.includes(mediaType) || (strategic && type.custom)) {
    const list = type.custom ? accepted.slice(0, 2) : accepted;
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${list.join(
        ', ',
      )}, application/apply-patch+yaml`,
    );
  }
  let patch: unknown;
  try {
    patch = parseJson(body);
  } catch (error) {
    throw badRequest(
      `error decoding patch: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (mediaType === accepted[0]) return current => jsonPatch(current, patch);
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new StatusError(
      400,
      'BadRequest',
      'error decoding patch: the patch must be an object',
    );
  }
  return strategic
    ? current =>
        strategicMergePatch(
          current,
          patch,
          kubernetesDefinitions.schemas[schemaName],
        )
    : current => mergePatch(current, patch);
}
