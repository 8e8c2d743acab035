import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { coreTypes, type KubernetesObject } from '@lifeboat/engine';
import { parseAllDocuments, parse } from 'yaml';
import { eventually } from '../cluster/eventually';
import { Kubectl } from '../cluster/Kubectl';
import { startDevCluster } from '../cluster/startDevCluster';
import { controlNamespace, EngineStage } from '../engine/EngineStage';
import { startRestrictedCluster } from './startRestrictedCluster';

const backup = `
apiVersion: velero.io/v1
kind: Backup
metadata:
  name: by-hand
  namespace: openshift-adp
  labels:
    team: orders
spec:
  includedNamespaces:
    - shop
  snapshotVolumes: false
  ttl: 72h0m0s
`;

const restore = `
apiVersion: velero.io/v1
kind: Restore
metadata:
  name: by-hand
  namespace: openshift-adp
spec:
  backupName: by-hand
  namespaceMapping:
    shop: shop-copy
`;

const schedule = (cron: string) => `
apiVersion: velero.io/v1
kind: Schedule
metadata:
  name: nightly
  namespace: openshift-adp
spec:
  schedule: '${cron}'
  template:
    includedNamespaces:
      - shop
    snapshotVolumes: false
`;

const kinds = [
  'backups',
  'restores',
  'schedules',
  'backupstoragelocations',
  'deletebackuprequests',
  'podvolumebackups',
  'podvolumerestores',
  'backuprepositories',
  'datauploads',
  'datadownloads',
  'downloadrequests',
  'serverstatusrequests',
  'volumesnapshotlocations',
];

/** What kubectl said on each cluster, by what it was asked. */
const said: { [cluster: string]: { [question: string]: unknown } } = {};

/** What every kind has is described by each server in its own words. */
const standardField =
  /^( {2}(?:apiVersion|kind|metadata)\t.*\n)(?: {4}.*\n)*/gm;

/** Lines of a table: its columns, and the cells of each row. */
function table(text: string): { columns: string[]; rows: string[][] } {
  const [header = '', ...rows] = text.trimEnd().split('\n');
  const starts = [...header.matchAll(/\S+( \S+)*/g)].map(m => m.index ?? 0);
  const cells = (line: string) =>
    starts.map((start, i) => line.slice(start, starts[i + 1]).trim());
  return { columns: cells(header), rows: rows.map(cells) };
}

/** Without what is another in each cluster. */
function alike(text: string): string {
  return (
    text
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
      .replace(/(resourceVersion|Resource Version): *"?\d+"?/g, '$1: <version>')
      .replace(/v\d+\.\d+\.\d+\S*/g, '<version>')
      .replace(/(stored-in): \w+/, '$1: <fingerprint>')
      // Only where the engine needs a grant, its RoleBinding is in the backup too.
      .replace(/(total ?items|items ?backed ?up): *\d+$/gim, '$1: <count>')
  );
}

describe.each([
  ['the embedded cluster', startDevCluster],
  ['a real kube-apiserver', startRestrictedCluster],
])('kubectl on %s', (name, start) => {
  let stage: EngineStage;
  let kubectl: Kubectl;
  const ask = (...args: string[]) =>
    kubectl.run(['-n', controlNamespace, ...args]);
  const keep = (question: string, answer: unknown) => {
    (said[name] ??= {})[question] = answer;
  };
  const untilPhase = (object: string, phase: string) =>
    ask(
      'wait',
      object,
      `--for=jsonpath={.status.phase}=${phase}`,
      '--timeout=60s',
    );

  beforeAll(async () => {
    stage = await EngineStage.start(() => start());
    const cache = path.join(stage.folder, 'cache');
    mkdirSync(cache);
    kubectl = new Kubectl(stage.cluster.kubeconfig, cache);
    await stage.createNamespace('shop');
    await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: 'settings' },
      data: { colour: 'blue' },
    });
  }, 150_000);

  afterAll(async () => {
    await stage?.stop();
  }, 60_000);

  it('knows our resources and explains their fields', async () => {
    const resources = await ask('api-resources', '--api-group=velero.io');
    expect(table(resources).rows.map(([resource]) => resource)).toEqual(
      [...kinds].sort(),
    );
    keep('api-resources', resources);
    for (const field of ['backup', 'backup.spec', 'schedule.spec.template']) {
      const text = await ask('explain', field);
      keep(`explain ${field}`, text.replace(standardField, '$1'));
    }
    expect(await ask('explain', 'backup.spec.ttl')).toContain('720h0m0s');
  }, 60_000);

  it('refuses unknown fields and wrong types before anything is made', async () => {
    for (const [what, text] of [
      ['unknown field', backup.replace('ttl:', 'tll:')],
      [
        'wrong type',
        backup.replace('snapshotVolumes: false', 'snapshotVolumes: no-thanks'),
      ],
      ['wrong phase', `${backup}status:\n  phase: Perfect\n`],
      ['unknown kind', backup.replace('kind: Backup', 'kind: Backpack')],
      ['bad name', backup.replace('name: by-hand', 'name: By_Hand')],
    ]) {
      const answer = await kubectl.try(['create', '-f', '-'], text);
      expect(answer.code).toBe(1);
      keep(what, answer.stderr);
    }
    expect(await ask('get', 'backups', '-o', 'name')).toBe('');
  }, 60_000);

  it('has a Backup made by `create -f` carried out, watched from beginning to end', async () => {
    const watch = kubectl.start([
      ...['-n', controlNamespace, 'get', 'backups', '--watch'],
      ...['--output-watch-events', '-o', 'json'],
    ]);
    let watched = '';
    watch.child.stdout?.on('data', chunk => {
      watched += chunk;
    });
    try {
      const dryRun = ['create', '--dry-run=server', '-f', '-'];
      expect(await kubectl.run(dryRun, backup)).toBe(
        'backup.velero.io/by-hand created (server dry run)\n',
      );
      expect(await kubectl.run(['create', '-f', '-'], backup)).toBe(
        'backup.velero.io/by-hand created\n',
      );
      await untilPhase('backup/by-hand', 'Completed');
      const phases = await eventually('the watch has seen its end', () => {
        const events = watched
          .split(/^(?=\{)/m)
          .filter(text => text.endsWith('}\n'))
          .map(text => JSON.parse(text));
        const seen = events.map(({ type, object }) => ({
          type,
          phase: object.status?.phase,
        }));
        return seen.some(each => each.phase === 'Completed') && seen;
      });
      expect(phases[0]).toEqual({ type: 'ADDED', phase: undefined });
      expect(phases.map(each => each.phase)).toContain('InProgress');
      expect(phases.slice(1).every(each => each.type === 'MODIFIED')).toBe(
        true,
      );
    } finally {
      await watch.stop();
    }
    expect(stage.files('backups', 'by-hand')).toContain('velero-backup.json');
    const again = await kubectl.try(['create', '-f', '-'], backup);
    keep('create again', again.stderr);
    expect(again.stderr).toContain('(AlreadyExists)');
  }, 90_000);

  it('lists, as tables, names, JSON paths and YAML', async () => {
    const backups = table(await ask('get', 'backups'));
    expect(backups.columns[0]).toBe('NAME');
    expect(backups.rows).toHaveLength(1);
    expect(backups.rows[0].slice(0, 2)).toEqual(['by-hand', 'Completed']);
    expect(await ask('get', 'backups', '-o', 'name')).toBe(
      'backup.velero.io/by-hand\n',
    );
    expect(
      await ask('get', 'backup', 'by-hand', '-o=jsonpath={.spec.ttl}'),
    ).toBe('72h0m0s');
    const shown = parse(await ask('get', 'backup', 'by-hand', '-o', 'yaml'));
    const found = await stage.getBackup('by-hand');
    expect(shown.spec).toEqual(found?.spec);
    expect(shown.status).toEqual(found?.status);
    expect(table(await ask('get', 'bsl')).rows[0].slice(0, 2)).toEqual([
      'default',
      'Available',
    ]);
    for (const kind of kinds) {
      const missing = await kubectl.try(['get', kind, 'nothing', '-n', 'shop']);
      keep(`get ${kind} nothing`, missing.stderr);
    }
    keep('yaml', alike(await ask('get', 'backup', 'by-hand', '-o', 'yaml')));
    keep('wide', table(await ask('get', 'backups', '-o', 'wide')).columns);
    keep('all namespaces', table(await ask('get', 'backups', '-A')).columns);
    const chunks = ['get', 'configmaps', '-A', '--chunk-size=1', '-o', 'name'];
    expect(await ask(...chunks)).toContain('configmap/settings');
  }, 60_000);

  it('describes', async () => {
    const text = await ask('describe', 'backup', 'by-hand');
    expect(text).toMatch(/^Name: +by-hand$/m);
    expect(text).toMatch(/^Labels: +team=orders$/m);
    expect(text).toMatch(/^ {2}Phase: +Completed$/m);
    keep('describe', alike(text));
  }, 30_000);

  it('labels, annotates, selects and sorts', async () => {
    expect(await ask('label', 'backup', 'by-hand', 'kept=yes')).toBe(
      'backup.velero.io/by-hand labeled\n',
    );
    await ask('annotate', 'backup', 'by-hand', 'example.com/why=test');
    const refused = await kubectl.try([
      ...['-n', controlNamespace, 'label', 'backup', 'by-hand', 'kept=no'],
    ]);
    keep('label again', refused.stderr);
    expect(refused.code).toBe(1);
    const select = ['get', 'backups', '-o', 'name', '-l'];
    expect(await ask(...select, 'kept in (yes,maybe)')).toContain('by-hand');
    expect(await ask(...select, 'kept!=yes')).toBe('');
    expect(
      await ask(
        ...['get', 'backups', '-o', 'name', '--sort-by=.metadata.name'],
        ...['--field-selector', 'metadata.name=by-hand'],
      ),
    ).toContain('by-hand');
    await ask('label', 'backup', 'by-hand', 'kept-');
  }, 60_000);

  it('has a Restore carried out', async () => {
    await kubectl.run(['create', '-f', '-'], restore);
    await untilPhase('restore/by-hand', 'Completed');
    const restored = ['get', 'configmap', 'settings', '-n', 'shop-copy'];
    expect(await kubectl.run([...restored, '-o=jsonpath={.data.colour}'])).toBe(
      'blue',
    );
    const restores = table(await ask('get', 'restores'));
    expect(restores.rows[0].slice(0, 1)).toEqual(['by-hand']);
    keep('restores', restores.columns);
  }, 90_000);

  it('applies, patches, pauses and deletes a Schedule', async () => {
    const apply = (cron: string) =>
      kubectl.run(['apply', '-f', '-'], schedule(cron));
    expect(await apply('0 3 * * *')).toContain('nightly created');
    await untilPhase('schedule/nightly', 'Enabled');
    expect(await apply('0 3 * * *')).toContain('nightly unchanged');
    expect(await apply('0 4 * * *')).toContain('nightly configured');
    await ask(
      ...['patch', 'schedule', 'nightly', '--type=merge'],
      ...['-p', '{"spec":{"paused":true}}'],
    );
    const json = ['patch', 'schedule', 'nightly', '--type=json', '-p'];
    await ask(
      ...json,
      '[{"op":"add","path":"/spec/skipImmediately","value":true}]',
    );
    const strategic = await kubectl.try([
      ...['-n', controlNamespace, 'patch', 'schedule', 'nightly'],
      ...['-p', '{"spec":{"paused":false}}'],
    ]);
    keep('strategic patch', strategic.stderr);
    const [found] = parseAllDocuments(
      await ask('get', 'schedule', 'nightly', '-o', 'yaml'),
    ).map(document => document.toJSON());
    expect(found.spec).toMatchObject({
      schedule: '0 4 * * *',
      paused: true,
      skipImmediately: true,
    });
    keep('schedules', table(await ask('get', 'schedules')).columns);
    expect(await ask('delete', 'schedule', 'nightly')).toContain(
      'schedule.velero.io "nightly" deleted',
    );
    expect(await ask('get', 'schedules', '--ignore-not-found')).toBe('');
  }, 60_000);

  it('deletes a backup with its files by a DeleteBackupRequest', async () => {
    await kubectl.run(
      ['create', '-f', '-'],
      `
apiVersion: velero.io/v1
kind: DeleteBackupRequest
metadata:
  generateName: by-hand-
  namespace: openshift-adp
spec:
  backupName: by-hand
`,
    );
    await ask('wait', '--for=delete', 'backup/by-hand', '--timeout=60s');
    expect(stage.files('backups', 'by-hand')).toEqual([]);
    expect(await ask('get', 'restores', '-o', 'name')).toBe('');
  }, 90_000);
});

describe('kubectl', () => {
  it('says the same on both clusters', () => {
    const [ours, theirs] = Object.values(said);
    expect(Object.keys(ours).length).toBeGreaterThan(25);
    expect(ours).toEqual(theirs);
  });
});
