import type { Response } from 'express';

/** A signal that ends when the client goes away before it has its answer. */
export function requestSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableEnded) {
      controller.abort();
    }
  });
  return controller.signal;
}
