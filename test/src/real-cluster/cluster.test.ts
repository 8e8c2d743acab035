import { dataMovementStories } from './dataMovementStories';
import { endStories } from './endStories';
import { fileSystemBackupStories } from './fileSystemBackupStories';
import { readSettings } from '../cluster/readClusterTestSettings';
import { presentBefore } from './leftovers';
import { RealClusterStage } from './RealClusterStage';

describe('a real cluster', () => {
  let stage: RealClusterStage;

  beforeAll(async () => {
    const settings = readSettings();
    // The engine is to find its credentials in the cluster, and nowhere else.
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    stage = await RealClusterStage.start(settings);
    stage.presentBefore = await presentBefore(stage);
  }, 180_000);

  afterAll(async () => {
    await stage?.stop();
    for (const { what, seconds, limit } of stage?.timings ?? []) {
      process.stderr.write(
        `${what}: ${seconds.toFixed(1)} s${
          limit ? ` (at most ${limit} s)` : ''
        }\n`,
      );
    }
    for (const note of stage?.notes ?? []) process.stderr.write(`${note}\n`);
    if (stage?.leftBehind.length) {
      process.stderr.write(
        `Not removed, for want of rights; an administrator does it:\n${stage.leftBehind
          .map(each => `  kubectl delete ${each}`)
          .join('\n')}\n`,
      );
    }
  }, 180_000);

  describe('volumes with snapshots', () => {
    dataMovementStories(() => stage);
  });

  describe('mounted volumes', () => {
    fileSystemBackupStories(() => stage);
  });

  describe('in the end', () => {
    endStories(() => stage);
  });
});
