/**
 * The program in the mover pod, and what the engine must know of it.
 *
 * @packageDocumentation
 */
export { readMoverResult, writeMoverResult } from './moverResult';
export type { MoverResult } from './moverResult';
