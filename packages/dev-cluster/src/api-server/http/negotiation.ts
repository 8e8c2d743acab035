import { notAcceptable } from '../StatusError';

/** In which form the client wants an answer. */
export interface AcceptedForm {
  format: 'json' | 'yaml';
  as?:
    | 'Table'
    | 'PartialObjectMetadata'
    | 'PartialObjectMetadataList'
    | 'APIGroupDiscoveryList';
  group: string;
  version: string;
}

const plain: AcceptedForm = { format: 'json', group: '', version: '' };

/**
 * The first of the client's media types that can be given. Protobuf and CBOR are not spoken; clients name JSON beside
 * them. Throws 406 when nothing fits.
 */
export function negotiate(
  accept: string | undefined,
  offered: string[],
): AcceptedForm {
  if (!accept) return plain;
  for (const clause of accept.split(',')) {
    const [type, ...rest] = clause.split(';').map(p => p.trim());
    const parameters = new Map(
      rest.map(p => p.split('=', 2) as [string, string]),
    );
    const as = parameters.get('as');
    if (as !== undefined) {
      if (type !== 'application/json' || !offered.includes(as)) continue;
      const version = parameters.get('v') ?? '';
      if (as === 'Table' ? !['v1', 'v1beta1'].includes(version) : !version) {
        continue;
      }
      return {
        format: 'json',
        as: as as AcceptedForm['as'],
        group: parameters.get('g') ?? '',
        version,
      };
    }
    if (type === 'application/yaml') return { ...plain, format: 'yaml' };
    if (['application/json', '*/*', 'application/*'].includes(type)) {
      return plain;
    }
  }
  throw notAcceptable(
    'only the following media types are accepted: application/json, application/yaml',
  );
}
