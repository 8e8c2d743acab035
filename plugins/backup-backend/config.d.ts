export interface Config {
  /**
   * Backups and restores of catalog entities. Nothing of this is visible to the frontend.
   */
  backup?: {
    /**
     * Who carries out backups and restores.
     * `builtin` (default): this backend starts and supervises the engine.
     * `external`: the engine runs as a Deployment in the clusters.
     * `velero`: an installed Velero or OADP does it.
     */
    engine?: 'builtin' | 'external' | 'velero';

    /**
     * Namespace of the Backup, Restore, Schedule and BackupStorageLocation resources. Default: openshift-adp
     */
    namespace?: string;

    /**
     * The clusters served.
     */
    clusters?: Array<{
      /**
       * Name that entities give in the annotation backstage.io/kubernetes-cluster. Needed unless kubernetesPluginRef is given.
       */
      name?: string;
      /**
       * Name for people. Default: the name
       */
      title?: string;
      /**
       * Name of a cluster in kubernetes.clusterLocatorMethods (type config) whose address and credentials are used.
       */
      kubernetesPluginRef?: string;
      /**
       * Address of the API server.
       */
      url?: string;
      /**
       * Token of a service account.
       * @visibility secret
       */
      serviceAccountToken?: string;
      /**
       * Certificate authority of the API server, base64 of PEM.
       */
      caData?: string;
      /**
       * File with the certificate authority of the API server.
       */
      caFile?: string;
      /**
       * Do not check the API server's certificate. For test clusters only.
       */
      skipTLSVerify?: boolean;
      /**
       * A kubeconfig file, instead of url and token.
       */
      kubeconfig?: string;
      /**
       * Context in the kubeconfig file. Default: its current context
       */
      context?: string;
      /**
       * Use the service account of the pod that this backend runs in.
       */
      inCluster?: boolean;
    }>;

    access?: {
      /**
       * Only owners of an entity may see and use its backups, on top of permissions. Default: true
       */
      requireOwnership?: boolean;
    };

    /**
     * Namespaces for which the platform team consents here instead of the annotation lifeboat.dev/entities on the namespace.
     */
    consent?: Array<{
      /**
       * Default: all clusters
       */
      cluster?: string;
      namespace: string;
      /**
       * Entity refs, or objects with an entity ref and the label selector of its objects.
       */
      entities: Array<string | { entity: string; selector?: string }>;
    }>;

    restore?: {
      /**
       * Names of namespaces that a restore may create; {{namespace}} stands for the source. Default: ['{{namespace}}-*']
       */
      targets?: string[];
      /**
       * Whether a restore may create its target namespace. Default: true
       */
      createNamespaces?: boolean;
      /**
       * ClusterRoles that RoleBindings of a restore may give to accounts of the target namespace. Default: [view, edit]
       */
      allowedClusterRoles?: string[];
      /**
       * The order in which types are restored: OADP's or Velero's. Default: oadp
       */
      order?: 'oadp' | 'velero';
      /**
       * Where a restored copy can be opened; {{namespace}} stands for the target namespace, {{cluster}} for the cluster.
       */
      targetUrl?: string;
    };

    sync?: {
      /**
       * Phases of backups found in storage that are brought into the cluster. Default: [Completed]
       */
      phases?: string[];
    };

    /**
     * How volume data is moved: image, resources and place of the mover pods. The engine's documentation lists the settings.
     */
    dataMover?: {
      image?: string;
      imagePullPolicy?: 'IfNotPresent' | 'Always' | 'Never';
      [setting: string]: unknown;
    };

    /**
     * Backup of mounted volumes through the kubelet's host path. Needs the rights in deploy/.
     */
    fileSystemBackup?: {
      /**
       * Default: false
       */
      enabled?: boolean;
      /**
       * The kubelet's folder of pods. Default: /var/lib/kubelet/pods
       */
      hostPodsPath?: string;
      /**
       * Whether these movers are privileged. Default: false
       */
      privileged?: boolean;
    };

    /**
     * Passwords and maintenance of the repositories of volume data.
     */
    repositories?: {
      /**
       * One password for all repositories (default), or one for each.
       */
      password?: 'installation' | 'repository';
      maintenance?: {
        frequencySeconds?: number;
        fullIntervalHours?: number;
        keepJobs?: number;
        podResources?: { [resource: string]: string };
      };
    };

    /**
     * Commands that are run in pods before and after their volumes are captured.
     */
    hooks?: {
      /**
       * Default: true
       */
      enabled?: boolean;
      /**
       * Namespaces in which pods' own annotations may ask for hooks, besides those labelled lifeboat.dev/hooks=enabled.
       */
      namespaces?: string[];
      maxOutputBytes?: number;
    };

    volumes?: {
      /**
       * How long the previous volume is kept after its data was restored in place. Default: 259200 (72 hours)
       */
      undoSeconds?: number;
      /**
       * How long a snapshot may take. Default: 600
       */
      csiSnapshotTimeoutSeconds?: number;
    };

    /**
     * How long recovery points are kept, as a Go duration. Default: 720h0m0s
     */
    defaultTtl?: string;
  };
}
