import { mkdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PORT_ANNOTATION } from '../controllers/endpoints';
import { EventRecorder } from '../controllers/EventRecorder';
import { Container, Pod, PodStatus } from '../controllers/Workload';
import { Faults } from '../driver/Faults';
import { ProcessOrigins } from '../driver/ProcessPause';
import { pause } from '../pause';
import { ContainerConfigError } from './ContainerConfigError';
import { containerEnvironment, expand } from './containerEnvironment';
import { ContainerLog } from './ContainerLog';
import { realPathOf } from './containerPaths';
import { ContainerProcess, ProcessDescription } from './ContainerProcess';
import { containerUser } from './containerUser';
import { freePort, releasePort } from './freePort';
import { ContainerRecord, newRecord, podStatus } from './podStatus';
import { PodVolumes, VolumeSources } from './PodVolumes';
import { NODE_MARK, ProcessReaper } from './ProcessReaper';
import { passesProbe } from './readinessProbe';
import { Runtime, RuntimeImages } from './RuntimeImages';
import { takeOverRecords } from './takeOverRecords';
import { TerminationMessage } from './TerminationMessage';
import { waitForImages } from './waitForImages';

const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 60_000;
const STABLE_MS = 60_000;
const CONFIG_RETRY_MS = 500;
const DEFAULT_GRACE_SECONDS = 30;

/** What a pod worker needs of the node. */
export interface PodHost {
  images: RuntimeImages;
  reaper: ProcessReaper;
  /** Folder that holds one folder per pod. */
  podsDirectory: string;
  sourcesOf(pod: Pod): VolumeSources;
  /** Variables of Services and of the API, and the file with the Services' addresses. */
  clusterEnvironment(namespace: string): Record<string, string>;
  writeStatus(pod: Pod, status: PodStatus): Promise<void>;
  annotate(pod: Pod, annotations: Record<string, string>): Promise<Pod>;
  fakeAddress(): string;
  faults: Pick<Faults, 'names'>;
  events: EventRecorder;
  /** Resolves when the node is there: containers start only then. */
  present(signal: AbortSignal): Promise<void>;
  log(line: string): void;
}

interface RunningContainer {
  process?: ContainerProcess;
  previous?: ContainerLog;
  current?: ContainerLog;
  description?: ProcessDescription;
}

function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Runs one pod from its start to its end. */
export class PodWorker {
  private readonly records: ContainerRecord[];
  private readonly running = new Map<string, RunningContainer>();
  private readonly stopping = new AbortController();
  private readonly ports = new Map<number, number>();
  private readonly volumes: PodVolumes;
  private readonly directory: string;
  private readonly real: boolean;
  private readonly podIP: string;
  private publishing: Promise<void> = Promise.resolve();
  private work: Promise<void> = Promise.resolve();
  private halting?: Promise<void>;
  private ending?: Promise<void>;
  private failure?: { reason: string; message: string };
  private deadline?: NodeJS.Timeout;

  constructor(private pod: Pod, private readonly host: PodHost) {
    const spec = pod.spec!;
    this.records = [
      ...(spec.initContainers ?? []).map(container =>
        newRecord(
          container,
          container.restartPolicy === 'Always' ? 'sidecar' : 'init',
        ),
      ),
      ...spec.containers.map(container => newRecord(container, 'main')),
    ];
    this.directory = join(host.podsDirectory, pod.metadata.uid ?? '');
    const runtimes = this.records.map(record =>
      host.images.find(record.container.image),
    );
    this.real = runtimes.some(Boolean);
    const users = this.records.map((record, index) =>
      containerUser(pod, record.container, runtimes[index]),
    );
    this.volumes = new PodVolumes(
      this.directory,
      users.find(Boolean),
      process.getuid?.() === 0 ? spec.securityContext?.fsGroup : undefined,
    );
    this.podIP = this.real ? '127.0.0.1' : host.fakeAddress();
  }

  get uid(): string {
    return this.pod.metadata.uid ?? '';
  }

  /** Namespace and name. */
  get key(): string {
    return `${this.pod.metadata.namespace}/${this.pod.metadata.name}`;
  }

  get namespace(): string | undefined {
    return this.pod.metadata.namespace;
  }

  /** The root in which the pod's volumes are mounted. */
  get root(): string {
    return this.volumes.root;
  }

  start(): void {
    const { activeDeadlineSeconds } = this.pod.spec ?? {};
    if (activeDeadlineSeconds) {
      this.deadline = setTimeout(
        () =>
          void this.fail(
            'DeadlineExceeded',
            'Pod was active on the node longer than the specified deadline',
          ),
        activeDeadlineSeconds * 1000,
      );
    }
    this.work = this.run().catch(error => {
      if (!this.stopping.signal.aborted) {
        this.host.log(`pod ${this.key}: ${(error as Error).message}`);
      }
    });
  }

  private async run(): Promise<void> {
    await this.host.present(this.stopping.signal);
    await waitForImages(
      this.records,
      this.host.faults,
      {
        waiting: (record, reason) => this.wait([record], reason),
        failed: message =>
          this.host.events.record(this.pod, 'Warning', 'Failed', message),
      },
      this.stopping.signal,
    );
    if (this.stopping.signal.aborted) return;
    const ended =
      this.real && takeOverRecords(this.pod, this.records, seconds(new Date()));
    if (ended) await this.publish();
    else await (this.real ? this.runProcesses() : this.pretend());
    clearTimeout(this.deadline);
  }

  /** Whether the pod uses a volume of the driver. */
  uses(handle: string): boolean {
    return this.volumes.handles.has(handle);
  }

  /** By what its processes are found. */
  get origins(): ProcessOrigins {
    return {
      pids: [...this.running.values()].flatMap(({ process: child }) =>
        child?.pid && !child.hasExited ? [child.pid] : [],
      ),
      podRoots: this.real ? [this.volumes.root] : [],
    };
  }

  /** Ends the pod for good with a reason of the node, such as Evicted; the object stays. */
  async fail(reason: string, message: string): Promise<void> {
    if (this.ending || this.failure || this.stopping.signal.aborted) return;
    const phase = this.pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') return;
    this.failure = { reason, message };
    await this.halt(
      this.pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    );
    const now = seconds(new Date());
    for (const record of this.records) {
      record.ready = false;
      record.started = false;
      if (!record.state.terminated) {
        record.state = {
          terminated: {
            exitCode: 137,
            reason: 'ContainerStatusUnknown',
            message:
              'The container could not be located when the pod was terminated',
            startedAt: record.state.running?.startedAt ?? now,
            finishedAt: now,
          },
        };
      }
    }
    await this.publish();
  }

  /** Kills the processes as a power cut does; what comes next is up to the restart policy. */
  cutPower(): void {
    for (const { process: child } of this.running.values()) child?.kill();
  }

  /** Writes the status once more. */
  republish(): Promise<void> {
    return this.publish();
  }

  /** Takes over a newer version of the object. */
  update(pod: Pod): void {
    this.pod = pod;
  }

  /** Brings changed ConfigMaps and Secrets into the mounted volumes. */
  async refreshVolumes(): Promise<void> {
    if (this.real && !this.stopping.signal.aborted) {
      await this.volumes.refresh(this.pod, this.host.sourcesOf(this.pod));
    }
  }

  /** Ends all containers, within the grace period of the pod, and removes its folders. */
  terminate(graceSeconds?: number): Promise<void> {
    this.ending ??= this.end(
      graceSeconds ??
        this.pod.metadata.deletionGracePeriodSeconds ??
        this.pod.spec?.terminationGracePeriodSeconds ??
        DEFAULT_GRACE_SECONDS,
    );
    return this.ending;
  }

  private async end(graceSeconds: number): Promise<void> {
    const halted = this.halt(graceSeconds);
    if (graceSeconds === 0) this.cutPower();
    await halted;
    for (const port of this.ports.values()) releasePort(port);
    await this.volumes.remove();
  }

  private halt(graceSeconds: number): Promise<void> {
    this.halting ??= this.stopProcesses(graceSeconds);
    return this.halting;
  }

  private async stopProcesses(graceSeconds: number): Promise<void> {
    clearTimeout(this.deadline);
    this.stopping.abort();
    const processes = [...this.running.values()].flatMap(each =>
      each.process ? [each.process] : [],
    );
    for (const each of processes) each.terminate();
    const all = Promise.all(processes.map(each => each.exited));
    const patience = new AbortController();
    await Promise.race([all, pause(graceSeconds * 1000, patience.signal)]);
    patience.abort();
    for (const each of processes) each.kill();
    await all;
    await this.work;
  }

  logOf(containerName: string, previous: boolean): ContainerLog | undefined {
    const running = this.running.get(containerName);
    return previous ? running?.previous : running?.current;
  }

  /** How commands run in a container: with its variables and folder; undefined when it runs no process. */
  execContext(containerName: string): ProcessDescription | undefined {
    const running = this.running.get(containerName);
    const record = this.record(containerName);
    return record?.state.running ? running?.description : undefined;
  }

  hasContainer(name: string): boolean {
    return this.record(name) !== undefined;
  }

  private record(name: string): ContainerRecord | undefined {
    return this.records.find(each => each.container.name === name);
  }

  private publish(): Promise<void> {
    this.publishing = this.publishing.then(async () => {
      const status = podStatus(
        this.pod,
        this.records,
        { podIP: this.podIP, hostIP: '127.0.0.1' },
        seconds(new Date()),
      );
      if (this.failure)
        Object.assign(status, this.failure, { phase: 'Failed' });
      await this.host.writeStatus(this.pod, status);
    });
    return this.publishing;
  }

  /** Images without a runtime: everything succeeds at once. Pods of Jobs complete, all others keep running. */
  private async pretend(): Promise<void> {
    const completes = this.pod.metadata.ownerReferences?.some(
      owner => owner.controller && owner.kind === 'Job',
    );
    const now = seconds(new Date());
    for (const record of this.records) {
      record.containerId = `dev-node://${this.uid}-${record.container.name}`;
      if (record.kind === 'init' || completes) {
        record.state = {
          terminated: {
            exitCode: 0,
            reason: 'Completed',
            startedAt: now,
            finishedAt: now,
          },
        };
        record.ready = record.kind === 'init';
      } else {
        record.state = { running: { startedAt: now } };
        record.ready = true;
        record.started = true;
      }
    }
    await this.publish();
  }

  private async runProcesses(): Promise<void> {
    await this.publish();
    await this.prepare();
    for (const record of this.records) {
      if (this.stopping.signal.aborted) return;
      if (record.kind === 'sidecar') {
        void this.runContainer(record, 'Always');
      } else if (record.kind === 'init') {
        const policy = this.pod.spec?.restartPolicy ?? 'Always';
        const code = await this.runContainer(
          record,
          policy === 'Never' ? 'Never' : 'OnFailure',
        );
        if (code !== 0) {
          await this.publish();
          return;
        }
      }
    }
    const policy = this.pod.spec?.restartPolicy ?? 'Always';
    await Promise.all(
      this.records
        .filter(record => record.kind === 'main')
        .map(record => this.runContainer(record, policy)),
    );
    if (this.stopping.signal.aborted) return;
    for (const { process } of this.running.values()) process?.terminate();
    await this.publish();
  }

  private async assignPorts(): Promise<void> {
    const annotations: Record<string, string> = {};
    for (const record of this.records) {
      for (const { containerPort } of record.container.ports ?? []) {
        const port = this.ports.get(containerPort) ?? (await freePort());
        this.ports.set(containerPort, port);
        annotations[`${PORT_ANNOTATION}${containerPort}`] = String(port);
      }
    }
    if (this.ports.size > 0) {
      this.pod = await this.host.annotate(this.pod, annotations);
    }
  }

  /** Everything that containers need, tried until it is there. */
  private async prepare(): Promise<void> {
    for (;;) {
      try {
        await this.assignPorts();
        await mkdir(this.directory, { recursive: true });
        await this.volumes.prepare(this.pod, this.host.sourcesOf(this.pod));
        return;
      } catch (error) {
        await this.wait(this.records, this.reasonToWait(error));
        await sleep(CONFIG_RETRY_MS, undefined, {
          signal: this.stopping.signal,
        });
      }
    }
  }

  /** Nothing that goes wrong before a container starts is for ever: a kubelet tries again (Kubernetes: pod workers). */
  private reasonToWait(error: unknown): ContainerConfigError {
    if (error instanceof ContainerConfigError) return error;
    const { message } = error as Error;
    if (!this.stopping.signal.aborted) {
      this.host.log(`pod ${this.key}: ${message}`);
    }
    return new ContainerConfigError(message, 'ContainerCreating');
  }

  private async wait(
    records: ContainerRecord[],
    { reason, message }: ContainerConfigError,
  ): Promise<void> {
    const changed = records.filter(
      record =>
        record.state.waiting?.message !== message ||
        record.state.waiting?.reason !== reason,
    );
    for (const record of changed)
      record.state = { waiting: { reason, message } };
    if (changed.length > 0) await this.publish();
  }

  private async describe(
    container: Container,
    runtime: Runtime,
    termination: TerminationMessage,
  ): Promise<ProcessDescription> {
    const mounted = [
      ...(await this.volumes.mountsOf(container)),
      {
        inside: container.terminationMessagePath ?? '/dev/termination-log',
        real: termination.file,
      },
    ];
    const real = (word: string) => realPathOf(word, mounted);
    const namespace = this.pod.metadata.namespace ?? '';
    const root = await realpath(this.volumes.root);
    const ports = Object.fromEntries(
      [...this.ports].map(([port, local]) => [`PORT_${port}`, String(local)]),
    );
    const base = {
      PATH: `${dirname(process.execPath)}${delimiter}${
        process.env.PATH ?? '/usr/bin:/bin'
      }`,
      HOME: root,
      TMPDIR: join(root, 'tmp'),
      HOSTNAME: this.pod.spec?.hostname ?? this.pod.metadata.name,
      ...this.host.clusterEnvironment(namespace),
      ...runtime.env,
    };
    const env = containerEnvironment(
      container,
      this.pod,
      this.host.sourcesOf(this.pod),
      base,
      real,
    );
    Object.assign(env, ports, {
      POD_IP: '127.0.0.1',
      LIFEBOAT_POD_ROOT: root,
      [NODE_MARK]: this.host.reaper.mark,
    });
    const given = (words: string[]) =>
      words.map(word => real(expand(word, env)));
    const entry = container.command
      ? given(container.command)
      : runtime.command;
    const command = [...entry, ...given(container.args ?? [])].map(word =>
      word === '{node}' ? process.execPath : word,
    );
    const cwd = join(root, container.workingDir ?? '/');
    await mkdir(cwd, { recursive: true });
    const user = containerUser(this.pod, container, runtime);
    await termination.prepare(user);
    return { command, env, cwd, user, realPath: real };
  }

  /** Runs a container until its restart policy says that it is done. Resolves with the last exit code. */
  private async runContainer(
    record: ContainerRecord,
    policy: string,
  ): Promise<number> {
    const { container } = record;
    const { signal } = this.stopping;
    const runtime = this.host.images.find(container.image);
    if (!runtime) {
      record.state = { running: { startedAt: seconds(new Date()) } };
      if (record.kind === 'init') {
        record.state = { terminated: { exitCode: 0, reason: 'Completed' } };
      }
      record.ready = true;
      record.started = true;
      await this.publish();
      return 0;
    }
    const running: RunningContainer = {};
    this.running.set(container.name, running);
    let backoff = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      await this.host.present(signal).catch(() => {});
      if (signal.aborted) break;
      let description: ProcessDescription;
      const termination = new TerminationMessage(
        join(
          this.directory,
          'containers',
          container.name,
          String(record.restartCount),
        ),
      );
      try {
        description = await this.describe(container, runtime, termination);
      } catch (error) {
        await this.wait([record], this.reasonToWait(error));
        await pause(CONFIG_RETRY_MS, signal);
        continue;
      }
      if (signal.aborted) break;
      const code = await this.runOnce(
        record,
        running,
        description,
        termination,
      );
      if (signal.aborted) return code;
      const again =
        policy === 'Always' || (policy === 'OnFailure' && code !== 0);
      if (!again) {
        await this.publish();
        return code;
      }
      const ran = Date.now() - (running.process?.startedAt.getTime() ?? 0);
      if (ran > STABLE_MS) backoff = FIRST_BACKOFF_MS;
      record.lastState = record.state;
      record.state = {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off ${backoff / 1000}s restarting failed container=${
            container.name
          } pod=${this.pod.metadata.name}`,
        },
      };
      await this.publish();
      await pause(backoff, signal);
      backoff = Math.min(backoff * 2, LAST_BACKOFF_MS);
      record.restartCount += 1;
    }
    return 143;
  }

  private async runOnce(
    record: ContainerRecord,
    running: RunningContainer,
    description: ProcessDescription,
    termination: TerminationMessage,
  ): Promise<number> {
    const { container } = record;
    running.previous = running.current;
    running.current = new ContainerLog(
      join(
        this.directory,
        'logs',
        `${container.name}-${record.restartCount}.log`,
      ),
    );
    running.description = description;
    const child = new ContainerProcess(
      description,
      running.current,
      this.host.reaper,
    );
    running.process = child;
    record.containerId = `dev-node://${this.uid}-${container.name}-${
      record.restartCount
    }-${child.pid ?? 0}`;
    record.state = { running: { startedAt: seconds(child.startedAt) } };
    record.started = true;
    record.ready = !container.readinessProbe;
    const ended = new AbortController();
    if (container.readinessProbe) void this.probe(record, ended.signal);
    await this.publish();
    const exit = await child.exited;
    ended.abort();
    const message =
      exit.problem ?? (await termination.read(container, exit.code, child.log));
    record.ready = false;
    record.started = false;
    record.state = {
      terminated: {
        exitCode: exit.code,
        reason: exit.code === 0 ? 'Completed' : 'Error',
        ...(exit.signal ? { signal: exit.signal } : {}),
        ...(message ? { message } : {}),
        startedAt: seconds(child.startedAt),
        finishedAt: seconds(new Date()),
        containerID: record.containerId,
      },
    };
    if (record.kind === 'init' && exit.code === 0) record.ready = true;
    return exit.code;
  }

  private async probe(
    record: ContainerRecord,
    ended: AbortSignal,
  ): Promise<void> {
    const probe = record.container.readinessProbe!;
    const every = (probe.periodSeconds ?? 10) * 1000;
    await pause((probe.initialDelaySeconds ?? 0) * 1000, ended);
    let failures = 0;
    while (!ended.aborted) {
      const passed = await passesProbe(probe, record.container, port =>
        this.ports.get(port),
      );
      if (ended.aborted) return;
      failures = passed ? 0 : failures + 1;
      const ready = passed
        ? true
        : record.ready && failures < (probe.failureThreshold ?? 3);
      if (ready !== record.ready) {
        record.ready = ready;
        await this.publish();
      }
      await pause(record.ready ? every : Math.min(every, 500), ended);
    }
  }
}
