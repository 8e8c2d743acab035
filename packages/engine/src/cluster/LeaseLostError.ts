/**
 * This process is no longer the leader of the cluster: it must write nothing,
 * since another may have taken over.
 * @public
 */
export class LeaseLostError extends Error {
  constructor(
    message = 'The engine is no longer the leader; nothing was written',
  ) {
    super(message);
    this.name = 'LeaseLostError';
  }
}
