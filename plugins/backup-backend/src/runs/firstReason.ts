import { maskSecrets } from './maskSecrets';

/** The first cause that a status names: validation first, then the failure, then the count of errors. */
export function firstReason(status: {
  validationErrors?: string[];
  failureReason?: string;
  errors?: number;
}): string | undefined {
  const [validation] = status.validationErrors ?? [];
  if (validation) {
    return maskSecrets(validation);
  }
  if (status.failureReason) {
    return maskSecrets(status.failureReason);
  }
  const errors = Number(status.errors ?? 0);
  if (errors > 0) {
    return errors === 1
      ? 'One object could not be handled: see its error'
      : `${errors} objects could not be handled: see the errors`;
  }
  return undefined;
}
