import { LocationSettingsError } from '@lifeboat/velero-api';
import { StorageError } from './ObjectStore';

/** The error of a location that nobody can use before its settings are corrected. */
export function configurationError(message: string): StorageError {
  return new StorageError(message, 'configuration');
}

/** Reads settings of a location. @throws StorageError with reason `configuration` */
export function readSettings<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LocationSettingsError) {
      throw configurationError(error.message);
    }
    throw error;
  }
}
