/** A cluster that was started for tests. */
export interface RunningCluster {
  /** Path of a kubeconfig with all rights. */
  kubeconfig: string;
  /** Path of the kubeconfig that the engine gets, where it has fewer rights than the test. */
  engineKubeconfig?: string;
  /** What a platform team does so that the engine may work in a namespace that exists; absent where nothing is needed. */
  serve?(namespace: string): Promise<void>;
  /** Ends all its processes and removes its files. */
  stop(): Promise<void>;
}
