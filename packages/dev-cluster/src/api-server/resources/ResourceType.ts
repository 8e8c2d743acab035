import { JsonObject } from '../json';

/** A resource as one API version serves it. */
export interface ResourceType {
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  listKind: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  verbs: string[];
  subresources: Subresource[];
  /** Which collection of the storage holds it: versions of one resource share it, and so do both kinds of Event. */
  collection: string;
  /** Name of its schema in the OpenAPI documents. */
  schemaName: string;
  custom?: CustomType;
}

export interface Subresource {
  name: string;
  group: string;
  version: string;
  kind: string;
  verbs: string[];
}

/** What only custom resources have. */
export interface CustomType {
  schema?: JsonObject;
  preserveUnknownFields: boolean;
  storageVersion: string;
  hasStatus: boolean;
  scale?: {
    specReplicasPath: string;
    statusReplicasPath: string;
    labelSelectorPath?: string;
  };
  printerColumns: PrinterColumn[];
  selectableFields: string[];
  deprecationWarning?: string;
}

export interface PrinterColumn {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
  jsonPath: string;
}

export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group ? `${type.group}/${type.version}` : type.version;
}

export function hasSubresource(type: ResourceType, name: string): boolean {
  return type.subresources.some(s => s.name === name);
}
