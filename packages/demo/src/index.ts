/**
 * Lifeboat's demo: the sample application, and the comparison of an original with its restored copy.
 *
 * @packageDocumentation
 */
export type { Manifest } from './application/Manifest';
export { consentingNamespace } from './application/namespace';
export { ordersApplication, images, PART_OF } from './application/orders';
export type { OrdersOptions } from './application/orders';
export {
  paymentsApplication,
  reportsApplication,
} from './application/otherTeams';
export {
  LARGEST_BUDGET,
  promotion,
  promotionDefinition,
} from './application/promotions';
export { ClusterApi, ClusterError } from './cluster/ClusterApi';
export {
  installApplications,
  installTypes,
  isApplicationReady,
  waitForApplication,
} from './cluster/installApplication';
export { controlObjects } from './cluster/storageLocation';
export { waitUntil } from './cluster/waitUntil';
export { allowedDifferences, derivedKinds } from './compare/allowedDifferences';
export { compareApplications } from './compare/compareApplications';
export type { Comparison, Difference } from './compare/compareApplications';
export { describeDifference } from './run/summary';
export { parseExactJson, stringifyExactJson } from './exactJson';
export { writeRuntimesFile } from './runtimes/runtimesFile';
