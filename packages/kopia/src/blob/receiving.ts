import type { IncomingMessage } from 'node:http';
import type { OnReadOpts, Socket } from 'node:net';
import { KopiaError } from '../errors';
import { freeBuffer } from '../garbage';

const receiveSize = 128 * 1024;

/** Answers whose bytes are copied as they come, by their connections: nothing else refers to the bytes afterwards. */
const copied = new WeakMap<Socket, IncomingMessage>();
/** What connections read into. */
const buffers = new WeakMap<Socket, ArrayBufferLike>();

/**
 * Options for connections that read into one buffer each. Node makes a buffer of 64 KiB for every read otherwise, and a
 * quarter of the time of a large transfer goes into collecting them.
 *
 * @returns what `net.connect`, and so an `Agent`, takes as `onread`
 */
export function intoOneBuffer(): OnReadOpts {
  let inUse = false;
  return {
    // Called for a new connection, and after each read: then without a result, unless the buffer cannot be used again.
    buffer: () => {
      const again = inUse;
      inUse = false;
      return (again ? undefined : Buffer.allocUnsafeSlow(receiveSize))!;
    },
    callback(this: Socket, count: number, buffer: Uint8Array) {
      const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count);
      const answer = copied.get(this);
      buffers.set(this, buffer.buffer);
      this.emit('data', answer ? bytes : Buffer.from(bytes));
      // What waits in the answer's queue lies in this very buffer.
      inUse = !answer || answer.readableLength === 0;
      return true;
    },
  };
}

/**
 * The body of an answer, in memory of its own.
 *
 * @param expected - bytes; more are an error of code `storage`, fewer are not
 */
export function receiveBody(
  body: IncomingMessage,
  expected: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { socket } = body;
    const out = Buffer.allocUnsafe(expected);
    let got = 0;
    const leave = () => {
      if (socket && copied.get(socket) === body) copied.delete(socket);
    };
    const fail = (error: Error) => {
      leave();
      reject(error);
    };
    // The connection may have been lost before anybody listened: no event would follow.
    if (body.destroyed) {
      fail(body.errored ?? new Error('The connection was lost'));
      return;
    }
    body.on('data', (part: Buffer) => {
      if (got + part.length > expected)
        body.destroy(
          new KopiaError(
            'storage',
            'The service sent more bytes than announced',
            { retryable: true },
          ),
        );
      else got += part.copy(out, got);
      // Node's HTTP parser makes a copy of every part, in memory of its own.
      const received = socket && buffers.get(socket);
      if (received && received !== part.buffer) freeBuffer(part);
    });
    body.once('end', () => {
      leave();
      resolve(out.subarray(0, got));
    });
    body.once('error', fail);
    body.once('close', () => fail(new Error('The connection was lost')));
    if (socket) copied.set(socket, body);
  });
}
