export interface Config {
  /** The pages of the demo's application, shown under /demo/<namespace>/. */
  demo?: {
    /** Kubeconfig file of the demo's cluster. */
    kubeconfig?: string;
    /** Service whose pages are shown, as `name:port`. */
    service: string;
    /** Namespaces whose pages are shown; `*` stands for any characters. */
    namespaces: string[];
  };
}
