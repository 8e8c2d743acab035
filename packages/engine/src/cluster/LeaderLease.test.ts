import { ApiError } from './ApiError';
import type { Clock } from './Clock';
import type { ClusterClient } from './ClusterClient';
import type { LeaseFence } from './Fence';
import { LeaderLease, type Lease } from './LeaderLease';

const durationMs = 15_000;
const renewMs = 5_000;

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
});

afterEach(() => {
  jest.useRealTimers();
});

const advance = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** Clocks of one machine, on the faked timers; they can be set apart from those of others. */
function machineClock(): Clock & { wallOffset: number; runOffset: number } {
  return {
    wallOffset: 0,
    runOffset: 0,
    now() {
      return Date.now() + this.wallOffset;
    },
    monotonic() {
      return performance.now() + this.runOffset;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  };
}

/** The one Lease of an API server. */
class LeaseServer {
  lease: Lease | undefined;
  reachable = true;
  /** Carries the next write out, but loses the answer. */
  loseAnswer = false;
  private version = 0;

  client(): ClusterClient {
    const write = async (lease: Lease): Promise<Lease> => {
      this.check();
      this.version += 1;
      this.lease = {
        ...lease,
        metadata: {
          ...lease.metadata,
          uid: 'uid',
          resourceVersion: String(this.version),
        },
      };
      if (this.loseAnswer) {
        this.loseAnswer = false;
        throw Object.assign(new Error('hang up'), { code: 'ECONNRESET' });
      }
      return this.lease;
    };
    const client: Pick<ClusterClient, 'get' | 'create' | 'replace'> = {
      get: async <T>() => {
        this.check();
        return this.lease as T | undefined;
      },
      create: async <T>(_type: unknown, object: T) => {
        this.check();
        if (this.lease) {
          throw new ApiError('there', { code: 409, reason: 'AlreadyExists' });
        }
        return (await write(object as unknown as Lease)) as unknown as T;
      },
      replace: async <T>(_type: unknown, object: T) => {
        this.check();
        const sent = object as unknown as Lease;
        if (
          sent.metadata.resourceVersion !== this.lease?.metadata.resourceVersion
        ) {
          throw new ApiError('changed', { code: 409, reason: 'Conflict' });
        }
        return (await write(sent)) as unknown as T;
      },
    };
    return client as ClusterClient;
  }

  get holder(): string | null | undefined {
    return this.lease?.spec?.holderIdentity;
  }

  private check(): void {
    if (!this.reachable) {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    }
  }
}

interface Term {
  fence: LeaseFence;
  signal: AbortSignal;
}

function candidate(
  server: LeaseServer,
  name: string,
  work: (term: Term) => Promise<void> = term =>
    new Promise(resolve => {
      term.signal.addEventListener('abort', () => resolve());
    }),
) {
  const clock = machineClock();
  const terms: Term[] = [];
  const standbys: string[] = [];
  const stop = new AbortController();
  // Each candidate may have a network of its own.
  const network = { up: true };
  const client = server.client();
  const guarded = new Proxy(client, {
    get: (target, method: keyof ClusterClient) =>
      network.up
        ? target[method]
        : async () => {
            throw Object.assign(new Error('no route'), {
              code: 'EHOSTUNREACH',
            });
          },
  });
  const lease = new LeaderLease({
    client: guarded,
    clock,
    namespace: 'openshift-adp',
    name: 'lifeboat-engine',
    identity: { place: `machine-${name}`, pid: 1, text: name },
    durationMs,
    renewMs,
    onLeading: term => {
      terms.push(term);
      return work(term);
    },
    onStandby: holder => standbys.push(holder),
  });
  const ended = lease.run(stop.signal);
  return {
    clock,
    terms,
    standbys,
    network,
    ended,
    stop: () => stop.abort(new Error('end')),
    leads: () => terms.some(term => term.fence.isOpen()),
  };
}

it('takes a lease that nobody has, and renews it', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  await advance(10);
  expect(first.leads()).toBe(true);
  expect(server.lease?.spec).toMatchObject({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    leaseTransitions: 0,
    renewTime: '2026-01-01T00:00:00.000000Z',
  });
  await advance(60_000);
  expect(first.terms).toHaveLength(1);
  expect(first.leads()).toBe(true);
  expect(
    Date.now() - Date.parse(server.lease?.spec?.renewTime ?? ''),
  ).toBeLessThanOrEqual(renewMs);
  expect(server.lease?.spec?.acquireTime).toContain('00:00:00');
  first.stop();
  await advance(1_000);
  await first.ended;
});

it('leaves a lease alone as long as another renews it, whatever the other’s clock says', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  first.clock.wallOffset = -3 * 3600_000;
  await advance(10);
  const second = candidate(server, 'b');
  await advance(120_000);
  expect(second.terms).toEqual([]);
  expect(second.standbys).toContain('a');
  expect(first.leads()).toBe(true);
});

it('takes over when the holder did not renew for the whole duration, and not before', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  await advance(10);
  const second = candidate(server, 'b');
  await advance(7_000);
  first.network.up = false;
  const seen = Date.now();
  // The last renewal was at 5 s; two seconds of the duration have gone.
  await advance(durationMs - 2_500);
  expect(second.terms).toEqual([]);
  await advance(3_000);
  expect(second.leads()).toBe(true);
  expect(Date.now() - seen).toBeLessThan(20_000);
  expect(server.holder).toBe('b');
  expect(server.lease?.spec?.leaseTransitions).toBe(1);
});

it('stops before the other may begin, when it cannot renew', async () => {
  const server = new LeaseServer();
  let stoppedAt = 0;
  const first = candidate(
    server,
    'a',
    term =>
      new Promise(resolve => {
        term.signal.addEventListener('abort', () => {
          stoppedAt = Date.now();
          resolve();
        });
      }),
  );
  await advance(10);
  const renewed = Date.parse(server.lease?.spec?.renewTime ?? '');
  const second = candidate(server, 'b');
  first.network.up = false;
  await advance(12_500);
  expect(first.leads()).toBe(true);
  await advance(1_200);
  expect(first.leads()).toBe(false);
  expect(stoppedAt - renewed).toBeLessThanOrEqual(durationMs - 1_000);
  expect(second.terms).toEqual([]);
  await advance(3_000);
  expect(second.leads()).toBe(true);
  // The first one comes back, and stands by.
  first.network.up = true;
  await advance(30_000);
  expect(first.terms).toHaveLength(1);
  expect(first.standbys).toContain('b');
});

it('gives the lease to one of two that ask at the same moment', async () => {
  const server = new LeaseServer();
  const both = [candidate(server, 'a'), candidate(server, 'b')];
  await advance(2_000);
  expect(both.filter(each => each.leads())).toHaveLength(1);
  await advance(60_000);
  expect(both.map(each => each.terms.length).sort()).toEqual([0, 1]);
});

it('goes on when the answer to a renewal was lost', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  await advance(10);
  server.loseAnswer = true;
  await advance(60_000);
  expect(first.terms).toHaveLength(1);
  expect(first.leads()).toBe(true);
});

it('survives an API server that is away for a moment', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  await advance(5_100);
  server.reachable = false;
  await advance(9_000);
  server.reachable = true;
  await advance(30_000);
  expect(first.terms).toHaveLength(1);
  expect(first.leads()).toBe(true);
});

it('ends its term when somebody else has written the lease', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  await advance(10);
  const { lease } = server;
  server.lease = {
    ...lease!,
    metadata: { ...lease!.metadata, resourceVersion: 'foreign' },
    spec: { ...lease!.spec, holderIdentity: 'intruder' },
  };
  await advance(renewMs + 100);
  expect(first.leads()).toBe(false);
  expect(first.terms[0].signal.aborted).toBe(true);
  expect(server.holder).toBe('intruder');
});

it.each([
  ['wall clock that jumps ahead', 'wallOffset', 60_000],
  ['wall clock that is set back', 'wallOffset', -60_000],
  ['process that was stopped', 'runOffset', 60_000],
] as const)(
  'shuts the work of a term out after a %s, and begins a new term',
  async (_what, offset, ms) => {
    const server = new LeaseServer();
    const first = candidate(server, 'a');
    await advance(1_000);
    first.clock[offset] += ms;
    expect(() => first.terms[0].fence.check()).toThrow('no longer the leader');
    await advance(1_000);
    expect(first.terms[0].signal.aborted).toBe(true);
    await advance(30_000);
    expect(first.terms).toHaveLength(2);
    expect(first.terms[1].fence.isOpen()).toBe(true);
    expect(first.terms[0].fence.isOpen()).toBe(false);
  },
);

it('is not fooled by a stopped process that wakes up beside its successor', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a');
  await advance(1_000);
  first.network.up = false;
  const second = candidate(server, 'b');
  await advance(30_000);
  first.network.up = true;
  first.clock.runOffset += 30_000;
  expect(second.leads()).toBe(true);
  expect(() => first.terms[0].fence.check()).toThrow('no longer the leader');
  await advance(30_000);
  expect(server.holder).toBe('b');
});

it('holds the lease until its work has ended, then releases it', async () => {
  const server = new LeaseServer();
  let finish: () => void = () => undefined;
  const first = candidate(
    server,
    'a',
    () =>
      new Promise(resolve => {
        finish = resolve;
      }),
  );
  await advance(10);
  const second = candidate(server, 'b');
  first.stop();
  await advance(3_000);
  expect(server.holder).toBe('a');
  // The work may still write its end.
  expect(first.terms[0].fence.isOpen()).toBe(true);
  expect(second.terms).toEqual([]);
  finish();
  await advance(2_000);
  await first.ended;
  expect(first.terms[0].fence.isOpen()).toBe(false);
  expect(second.leads()).toBe(true);
});

it('does not wait forever for work that does not end', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a', () => new Promise(() => undefined));
  await advance(10);
  first.stop();
  await advance(25_000);
  await first.ended;
  expect(first.terms[0].fence.isOpen()).toBe(false);
});

it('stands again after its work ended by itself', async () => {
  const server = new LeaseServer();
  const first = candidate(server, 'a', async () => {
    throw new Error('the work failed');
  });
  await advance(10_000);
  expect(first.terms.length).toBeGreaterThan(1);
  expect(first.terms[0].fence.isOpen()).toBe(false);
});
