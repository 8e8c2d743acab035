import type { Repository } from '../../Repository';
import { mergePolicies, policiesBelow, policiesOf, Policy } from '../policy';
import { SnapshotSource } from '../SnapshotManifest';

/** The policies of a source and of the folders below it. */
export class PolicyTree {
  private constructor(
    /** What applies here, all levels merged. */
    readonly effective: Policy,
    /** What is defined exactly here. */
    readonly defined: Policy | undefined,
    private readonly path: string,
    private readonly chain: readonly Policy[],
    private readonly below: ReadonlyMap<string, Policy>,
  ) {}

  /** @param override - counts before everything stored */
  static of(
    repository: Repository,
    source: SnapshotSource,
    override?: Policy,
  ): PolicyTree {
    const chain = policiesOf(repository, source);
    if (override) chain.unshift(override);
    const ignore = chain.flatMap(({ files }) => files?.ignore ?? []);
    const noParent = chain.findIndex(({ noParent: cut }) => cut);
    const counting = noParent < 0 ? chain : chain.slice(0, noParent + 1);
    const merged = mergePolicies(chain);
    // Rules of the source and everything above are relative to the source itself.
    const rules = counting.length > 0 ? ignore : [];
    const defined: Policy = {
      ...merged,
      files: { ...merged.files, ignore: rules },
    };
    return new PolicyTree(
      merged,
      defined,
      '',
      chain,
      policiesBelow(repository, source),
    );
  }

  /** The policies of an entry of this folder. */
  child(name: string): PolicyTree {
    if (this.below.size === 0) return this.inherited;
    const path = this.path ? `${this.path}/${name}` : name;
    const defined = this.below.get(path);
    const chain = defined ? [defined, ...this.chain] : this.chain;
    return new PolicyTree(
      defined ? mergePolicies(chain) : this.effective,
      defined,
      path,
      chain,
      this.below,
    );
  }

  private get inherited(): PolicyTree {
    return this.defined
      ? new PolicyTree(
          this.effective,
          undefined,
          this.path,
          this.chain,
          this.below,
        )
      : this;
  }
}
