import { coreTypes } from '@lifeboat/engine';
import { startDevCluster } from '../cluster/startDevCluster';
import { EngineStage } from '../engine/EngineStage';

const count = 10_000;
const timeoutMs = 600_000;

interface ConfigMap {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
  data: Record<string, string>;
  [field: string]: unknown;
}

function configMap(index: number): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `object-${index}`, namespace: 'many' },
    data: { index: String(index), text: 'x'.repeat(index % 4096) },
  };
}

describe(`a namespace of ${count} objects`, () => {
  let stage: EngineStage;

  beforeAll(async () => {
    stage = await EngineStage.start(() => startDevCluster());
    await stage.createNamespace('many');
    for (let index = 0; index < count; index += 1) {
      await stage.client.create(coreTypes.configMaps, configMap(index), {});
    }
  }, timeoutMs);

  afterAll(() => stage?.stop());

  it(
    'comes back whole in another namespace',
    async () => {
      await stage.createBackup('many', { includedNamespaces: ['many'] });
      const backup = await stage.backupEnd('many', timeoutMs);
      expect(backup.status).toMatchObject({ phase: 'Completed' });
      await stage.createRestore('many', {
        backupName: 'many',
        namespaceMapping: { many: 'many-copy' },
      });
      const restore = await stage.restoreEnd('many', timeoutMs);
      expect(restore.status).toMatchObject({ phase: 'Completed' });

      const seen = new Set<number>();
      const wrong: string[] = [];
      const copies = stage.client.list<ConfigMap & { metadata: object }>(
        coreTypes.configMaps,
        { namespace: 'many-copy' },
      );
      for await (const copy of copies) {
        if (!copy.data?.index) continue;
        const index = Number(copy.data.index);
        seen.add(index);
        if (copy.data.text !== configMap(index).data.text) {
          wrong.push(copy.metadata.name);
        }
      }
      expect(wrong).toEqual([]);
      expect(seen.size).toBe(count);
    },
    timeoutMs,
  );
});
