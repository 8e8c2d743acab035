/** A cluster that was started for tests. */
export interface RunningCluster {
  /** Path of a kubeconfig with all rights. */
  kubeconfig: string;
  /** Ends all its processes and removes its files. */
  stop(): Promise<void>;
}
