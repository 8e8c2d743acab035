import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Kubectl } from '../cluster/Kubectl';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startDevCluster } from '../cluster/startDevCluster';
import { startKubeApiServer } from '../cluster/startKubeApiServer';
import { normaliseValue } from '../contract/normalise';

const image = '--image=registry.example.com/web:1';

/** Everyday commands, each of which sends an object in Kubernetes' binary form or changes one that such a command made. */
const commands = [
  'create serviceaccount default',
  'create configmap settings --from-literal=colour=blue --from-literal=empty=',
  'create secret generic password --from-literal=password=geheim --type=example.com/password',
  'create secret docker-registry registry --docker-username=a --docker-password=b --docker-server=registry.example.com',
  `create deployment web ${image} --replicas=2 --port=8080`,
  `create job once ${image} -- sleep 1`,
  `create cronjob nightly ${image} --schedule=0#3#*#*#* -- /bin/sh -c true`,
  'create job by-hand --from=cronjob/nightly',
  'create service clusterip web --tcp=80:8080 --tcp=443:8443',
  'create service nodeport outside --tcp=80:8080',
  'create service loadbalancer balanced --tcp=80:8080',
  'create service externalname elsewhere --external-name=example.com',
  'create ingress web --rule=web.example.com/=web:80,tls=web-tls --annotation=example.com/why=test',
  'create role reader --verb=get,list --resource=configmaps,deployments.apps --resource-name=settings',
  'create rolebinding reader --role=reader --serviceaccount=shop:default --user=anna --group=team',
  'create clusterrole reader --verb=get --resource=nodes',
  'create clusterrole healthy --verb=get --non-resource-url=/healthz',
  'create clusterrole collected --aggregation-rule=example.com/part=yes',
  'create clusterrolebinding reader --clusterrole=reader --group=team',
  'create quota small --hard=cpu=1,memory=1Gi,pods=3 --scopes=NotTerminating',
  'create poddisruptionbudget web --selector=app=web --min-available=50%',
  'create priorityclass low --value=10 --description=small#things --preemption-policy=Never',
  `run single ${image} --port=8080 --labels=app=single --env=A=b --command -- sleep 1`,
  'expose deployment web --port=81 --name=exposed --target-port=8080',
  'autoscale deployment web --min=1 --max=3 --cpu=80%',
  'set image deployment/web web=registry.example.com/web:2',
  'set resources deployment/web --limits=cpu=200m,memory=64Mi',
  'set env deployment/web GREETING=hello',
  'set serviceaccount deployment/web default',
  'label pod single extra=yes',
  'annotate configmap settings example.com/why=test',
  'patch configmap settings --patch={"data":{"colour":"red"}}',
  'patch deployment web --patch={"spec":{"template":{"spec":{"containers":[{"name":"web","tty":true}]}}}}',
  'patch deployment web --patch={"spec":{"template":{"spec":{"hostNetwork":true}}}}',
  'create configmap settings --from-literal=colour=blue',
  `create deployment Web ${image}`,
  'create role bad --verb=get --resource=nonsense',
  'create quota wrong --hard=cpu=lots',
  'create ingress wrong --rule=UPPER.example.com/=web:80',
  'create token default --duration=10s',
];

/** Their answers are sentences. */
const spoken = [
  'create namespace another',
  'scale deployment web --replicas=1',
  'rollout pause deployment/web',
  'rollout resume deployment/web',
  'create token default --duration=10m',
  'auth can-i create deployments',
  'delete deployment web',
  'delete pod single --grace-period=0 --force',
  'delete configmap,secret --all',
  'delete service web exposed --now',
  'delete namespace another --wait=false',
];

/** An object without the values that a server chooses; nothing where there is none. */
function comparable(text: string): unknown {
  if (text === '') return text;
  return normaliseValue(
    JSON.parse(text.replace(/"nodePort": \d+/g, '"nodePort": 0')),
  );
}

/** `#` stands for a blank within an argument. */
const words = (command: string) =>
  command.split(' ').map(word => word.replaceAll('#', ' '));

describe('kubectl’s own objects', () => {
  const running: RunningCluster[] = [];
  let folder: string;
  let ours: Kubectl;
  let theirs: Kubectl;

  const bothSay = async (args: string[]) => {
    const [mine, real] = await Promise.all(
      [ours, theirs].map(kubectl => kubectl.try(['-n', 'shop', ...args])),
    );
    return { mine, real };
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-kubectl-'));
    running.push(
      ...(await Promise.all([
        startDevCluster({ withoutNode: true }),
        startKubeApiServer({ withoutControllers: true }),
      ])),
    );
    [ours, theirs] = running.map(
      ({ kubeconfig }, i) =>
        new Kubectl(kubeconfig, path.join(folder, `cache-${i}`)),
    );
    const { mine, real } = await bothSay(['create', 'namespace', 'shop']);
    expect(mine).toEqual(real);
    expect(mine.code).toBe(0);
  }, 150_000);

  afterAll(async () => {
    await Promise.all(running.map(cluster => cluster.stop()));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it.each(commands)(
    'become the same on both clusters by `kubectl %s`',
    async command => {
      const [, tail = ''] = command.split(/( -- .*)/);
      const { mine, real } = await bothSay([
        ...words(command.replace(tail, '')),
        ...['-o', 'json'],
        ...(tail ? words(tail.trim()) : []),
      ]);
      // The embedded cluster owns up to what it does not do.
      const said = mine.stderr.replace(/^Warning: this server .*\n/gm, '');
      expect(said).toBe(real.stderr);
      expect(mine.code).toBe(real.code);
      expect(comparable(mine.stdout)).toEqual(comparable(real.stdout));
    },
    60_000,
  );

  it.each(spoken)(
    'answer the same to `kubectl %s`',
    async command => {
      const { mine, real } = await bothSay(words(command));
      const said = command.startsWith('create token') ? /\S+/ : /$^/;
      expect({ ...mine, stdout: mine.stdout.replace(said, '') }).toEqual({
        ...real,
        stdout: real.stdout.replace(said, ''),
      });
      expect(mine.code).toBe(0);
    },
    60_000,
  );

  it('come in the same order of groups', async () => {
    const { mine, real } = await bothSay(['get', '--raw', '/apis']);
    const groups = (text: string): string[] =>
      JSON.parse(text).groups.map(({ name }: { name: string }) => name);
    const known = groups(mine.stdout);
    expect(known).toContain('batch');
    expect(groups(real.stdout).filter(group => known.includes(group))).toEqual(
      known.filter(group => group !== 'route.openshift.io'),
    );
  }, 60_000);

  it('leave the same behind', async () => {
    const kinds =
      'all,configmaps,secrets,ingresses,pdb,quota,roles,rolebindings';
    const { mine, real } = await bothSay(['get', kinds, '-o', 'name']);
    expect(mine).toEqual(real);
  }, 60_000);
});
