import { Pod } from '../controllers/Workload';
import {
  ContainerRecord,
  newRecord,
  phaseOf,
  podStatus,
  qosClass,
} from './podStatus';

const pod = (spec: object): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c' }], ...spec },
});

function record(change: Partial<ContainerRecord>): ContainerRecord {
  return { ...newRecord({ name: 'c', image: 'i' }, 'main'), ...change };
}

const ended = (exitCode: number) => ({ state: { terminated: { exitCode } } });
const running = { state: { running: {} }, ready: true, started: true };

describe('phaseOf', () => {
  it.each([
    ['Always', [record({})], 'Pending'],
    ['Always', [record(running)], 'Running'],
    ['Always', [record(ended(0))], 'Running'],
    ['Never', [record(ended(0))], 'Succeeded'],
    ['Never', [record(ended(3))], 'Failed'],
    ['OnFailure', [record(ended(3))], 'Running'],
    ['Never', [record(ended(0)), record(running)], 'Running'],
    ['Never', [record({ kind: 'init', ...ended(1) }), record({})], 'Failed'],
  ])('%s %#: %s', (restartPolicy, records, phase) => {
    expect(phaseOf(pod({ restartPolicy }), records)).toBe(phase);
  });
});

describe('podStatus', () => {
  const time = '2026-01-01T00:00:00Z';
  const address = { podIP: '127.0.0.1', hostIP: '127.0.0.1' };

  it('is ready when all containers are', () => {
    const status = podStatus(pod({}), [record(running)], address, time);
    expect(status.phase).toBe('Running');
    expect(
      status.conditions?.filter(each => each.status === 'True').length,
    ).toBe(5);
  });

  it('says which container is not', () => {
    const status = podStatus(pod({}), [record({})], address, time);
    const ready = status.conditions?.find(each => each.type === 'Ready');
    expect(ready).toMatchObject({
      status: 'False',
      message: 'containers with unready status: [c]',
    });
  });
});

describe('qosClass', () => {
  const resources = (requests: object, limits: object) =>
    pod({ containers: [{ name: 'c', resources: { requests, limits } }] });

  it.each([
    [pod({}), 'BestEffort'],
    [resources({ cpu: '1' }, {}), 'Burstable'],
    [
      resources({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' }),
      'Guaranteed',
    ],
  ])('%#: %s', (given, expected) => {
    expect(qosClass(given)).toBe(expected);
  });
});
