/**
 * What the engine asks of a logger; pino's loggers have it.
 * @public
 */
export interface Logger {
  debug: LogFunction;
  info: LogFunction;
  warn: LogFunction;
  error: LogFunction;
  child(fields: Record<string, unknown>): Logger;
}

/** @public */
export interface LogFunction {
  (message: string): void;
  (fields: Record<string, unknown>, message: string): void;
}

/** A logger that says nothing. @public */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
