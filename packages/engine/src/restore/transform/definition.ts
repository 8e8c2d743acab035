import {
  isJsonObject,
  JsonObject,
  objectsAt,
  valueAt,
} from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

/**
 * Moves `preserveUnknownFields: true`, which `apiextensions.k8s.io/v1` refuses, into the schemas.
 *
 * Source: Velero `velero.io/crd-preserve-fields`.
 */
export const definition: RestoreItemAction = {
  name: 'velero.io/crd-preserve-fields',
  appliesTo: {
    includedResources: ['customresourcedefinitions.apiextensions.k8s.io'],
  },
  execute(item) {
    const spec = valueAt(item, 'spec');
    if (
      item.apiVersion !== 'apiextensions.k8s.io/v1' ||
      !isJsonObject(spec) ||
      spec.preserveUnknownFields !== true
    ) {
      return { item };
    }
    delete spec.preserveUnknownFields;
    for (const version of objectsAt(spec, 'versions')) {
      const schema = isJsonObject(version.schema) ? version.schema : {};
      const root: JsonObject = isJsonObject(schema.openAPIV3Schema)
        ? schema.openAPIV3Schema
        : { type: 'object' };
      root['x-kubernetes-preserve-unknown-fields'] = true;
      version.schema = { ...schema, openAPIV3Schema: root };
    }
    return { item };
  },
};
