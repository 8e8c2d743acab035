/**
 * Tests that implementations of the engine's interfaces share.
 *
 * @packageDocumentation
 */
export { objectStoreConformance } from './objectStoreConformance';
