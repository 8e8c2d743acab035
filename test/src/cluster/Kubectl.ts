import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { root, startProcess, type BackgroundProcess } from './childProcess';
import { kubebuilderAssets } from './startKubeApiServer';

/** What a command wrote, and how it ended. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

const timeoutMs = 60_000;

/** The kubectl of KUBEBUILDER_ASSETS with a kubeconfig, run in the root of the work tree. */
export class Kubectl {
  private readonly program: string;
  private readonly env: NodeJS.ProcessEnv;

  /** @param cache - folder for what kubectl keeps about API servers */
  constructor(kubeconfig: string, cache: string) {
    const assets = kubebuilderAssets();
    this.program = path.join(assets, 'kubectl');
    this.env = {
      ...process.env,
      PATH: `${assets}${path.delimiter}${process.env.PATH}`,
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: cache,
    };
  }

  /** Runs kubectl to its end, with a text on its standard input where one is given. */
  async try(args: string[], input?: string): Promise<CommandResult> {
    return new Promise(resolve => {
      const child = execFile(
        this.program,
        args,
        { env: this.env, cwd: root, timeout: timeoutMs, maxBuffer: 64 << 20 },
        (error, stdout, stderr) => {
          const code = typeof error?.code === 'number' ? error.code : 1;
          resolve({ code: error ? code : 0, stdout, stderr });
        },
      );
      child.stdin?.on('error', () => {});
      child.stdin?.end(input ?? '');
    });
  }

  /** The standard output of kubectl. @throws Error with its standard error when it fails */
  async run(args: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Leaves kubectl running, as for `--watch`. */
  start(args: string[]): BackgroundProcess {
    return startProcess(this.program, args, { env: this.env, cwd: root });
  }

  /** Runs lines of shell in which `kubectl` is this one. @throws Error with what it wrote when a line fails */
  async shell(script: string, limitMs = timeoutMs): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
        env: this.env,
        cwd: root,
        timeout: limitMs,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', chunk => (stdout += chunk));
      child.stderr.on('data', chunk => (stderr += chunk));
      child.on('error', reject);
      child.on('close', code => {
        if (code === 0) resolve(stdout);
        else
          reject(
            new Error(`${script}\nended with ${code}:\n${stdout}${stderr}`),
          );
      });
    });
  }
}
