import { mockServices } from '@backstage/backend-test-utils';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineProcess, engineEnvironment } from './EngineProcess';
import { backOffMs } from './backOff';

let folder: string;
let engine: EngineProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-engine-'));
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await rm(folder, { recursive: true });
});

async function program(text: string): Promise<string> {
  const file = join(folder, 'engine.cjs');
  await writeFile(file, text);
  return file;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i += 1) {
    await sleep(25);
  }
  expect(condition()).toBe(true);
}

const config = { namespace: 'openshift-adp', clusters: [] } as never;

it('hands over the configuration, forwards the log and stops the child in good order', async () => {
  const logger = mockServices.logger.mock();
  engine = new EngineProcess({
    program: await program(`
      const fs = require('node:fs');
      process.on('message', ({ type, config }) => {
        fs.writeFileSync(${JSON.stringify(
          join(folder, 'config.json'),
        )}, JSON.stringify({ type, config, argv: process.argv.slice(2) }));
        console.log(JSON.stringify({ level: 40, msg: 'storage is slow', cluster: 'demo' }));
        console.log('plain words');
        process.send({ type: 'ready' });
        process.send({ type: 'cluster', name: 'demo', state: 'leading', message: '' });
      });
      process.on('SIGTERM', () => {
        fs.writeFileSync(${JSON.stringify(join(folder, 'ended'))}, '');
        process.exit(0);
      });
      process.on('disconnect', () => process.exit(0));
    `),
    config,
    logger,
  });
  engine.start();
  await until(() => engine?.state().state === 'running');
  await until(() =>
    logger.info.mock.calls.some(([text]) => text === 'Cluster demo: leading'),
  );
  expect(logger.warn).toHaveBeenCalledWith('storage is slow', {
    cluster: 'demo',
  });
  expect(logger.info).toHaveBeenCalledWith('plain words');
  await engine.stop();
  expect(engine.state().state).toBe('stopped');
  expect(
    JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')),
  ).toEqual({ type: 'config', config, argv: [] });
  expect(await readFile(join(folder, 'ended'), 'utf8')).toBe('');
});

it('starts the child again with growing delays, and not after a stop', async () => {
  const logger = mockServices.logger.mock();
  const delays: number[] = [];
  engine = new EngineProcess({
    program: await program('process.exit(3)'),
    config,
    logger,
    backOff: restarts => {
      delays.push(backOffMs(restarts));
      return 10;
    },
  });
  engine.start();
  await until(() => delays.length >= 4);
  expect(delays.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(engine.state().restarts).toBeGreaterThanOrEqual(3);
  expect(logger.error).toHaveBeenCalledWith(
    expect.stringContaining('ended with code 3'),
  );
  await engine.stop();
  const { restarts } = engine.state();
  await sleep(200);
  expect(engine.state()).toEqual({ state: 'stopped', restarts });
});

it('kills a child that does not end', async () => {
  engine = new EngineProcess({
    program: await program(`
      process.on('SIGTERM', () => {});
      process.on('message', () => process.send({ type: 'ready' }));
      setInterval(() => {}, 1000);
    `),
    config,
    logger: mockServices.logger.mock(),
    stopTimeoutMs: 200,
  });
  engine.start();
  await until(() => engine?.state().state === 'running');
  await engine.stop();
  expect(engine.state().state).toBe('stopped');
});

it('keeps a missing program from doing harm', async () => {
  engine = new EngineProcess({
    program: join(folder, 'missing.cjs'),
    config,
    logger: mockServices.logger.mock(),
    backOff: () => 60_000,
  });
  engine.start();
  await until(() => engine?.state().state === 'backing-off');
  expect(engine.state().message).toContain('started again in 60 s');
});

it('waits at most a minute between restarts', () => {
  expect(backOffMs(1)).toBe(1000);
  expect(backOffMs(50)).toBe(60_000);
});

it("gives the engine none of the portal's secrets", () => {
  expect(
    engineEnvironment({
      PATH: '/bin',
      GITHUB_TOKEN: 'x',
      BACKEND_SECRET: 'y',
      POSTGRES_PASSWORD: 'z',
      AWS_REGION: 'us-east-1',
    }),
  ).toEqual({ PATH: '/bin', AWS_REGION: 'us-east-1' });
});
