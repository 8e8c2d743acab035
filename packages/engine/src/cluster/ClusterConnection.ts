/**
 * How to reach a cluster: a kubeconfig file, plain details, or the service
 * account of the pod the process runs in.
 * @public
 */
export type ClusterConnection = { name: string } & (
  | { /** Path of a file. */ kubeconfig: string; context?: string }
  | {
      url: string;
      token?: string;
      /** Read again at most every 60 seconds, so rotated tokens are followed. */
      tokenFile?: string;
      /** Base64 of PEM. */
      caData?: string;
      caFile?: string;
      skipTlsVerify?: boolean;
    }
  | { inCluster: true }
);
