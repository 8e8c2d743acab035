/** A pod cannot start yet; the reason becomes visible in its status, and it is tried again. */
export class ContainerConfigError extends Error {
  constructor(message: string, readonly reason = 'CreateContainerConfigError') {
    super(message);
    this.name = 'ContainerConfigError';
  }
}
