/**
 * The program in the mover pod, and what the engine must know of it.
 *
 * @packageDocumentation
 */
export {
  readMoverResult,
  resultAnnotation,
  writeMoverResult,
} from './moverResult';
export type { MoverResult } from './moverResult';
export {
  moverArguments,
  moverPaths,
  waitArguments,
} from './command/moverArguments';
export type {
  MoverCommand,
  MoverOwner,
  MoverSettings,
  MoverTask,
  VolumeMode,
} from './command/MoverCommand';
export { progressAnnotation, readMoverProgress } from '@lifeboat/velero-api';
export type { MoverProgress } from '@lifeboat/velero-api';
export {
  openRepositoryStorage,
  openVolumeRepository,
  repositoryPrefix,
} from './repository/openVolumeRepository';
export type {
  OpenVolumeRepositoryOptions,
  VolumeRepository,
} from './repository/openVolumeRepository';
