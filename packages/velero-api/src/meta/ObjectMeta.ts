/**
 * Who owns an object, as in `metadata.ownerReferences`.
 *
 * @public
 */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/**
 * The metadata of a Kubernetes object. Times are RFC 3339 texts in seconds, as the API server writes them.
 * Fields that are not named here are kept when an object is read and written again.
 *
 * @public
 */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
  selfLink?: string;
}

/**
 * A Velero custom resource: a plain Kubernetes object with typed `spec` and `status`.
 * A type alias rather than an interface, so that it fits into types with an index signature.
 *
 * @public
 */
export type VeleroResource<
  ApiVersion extends string,
  Kind extends string,
  Spec,
  Status,
> = {
  apiVersion: ApiVersion;
  kind: Kind;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status;
};

/**
 * API version of Backup, Restore, Schedule and most other resources.
 *
 * @public
 */
export const veleroV1 = 'velero.io/v1';

/**
 * API version of DataUpload and DataDownload.
 *
 * @public
 */
export const veleroV2alpha1 = 'velero.io/v2alpha1';

/**
 * API version of most resources, as a type.
 *
 * @public
 */
export type VeleroV1 = 'velero.io/v1';

/**
 * API version of DataUpload and DataDownload, as a type.
 *
 * @public
 */
export type VeleroV2alpha1 = 'velero.io/v2alpha1';
