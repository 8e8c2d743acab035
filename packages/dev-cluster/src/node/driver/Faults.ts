import { Informer } from '../api/Informer';
import { Resource, types } from '../api/Resource';
import { ControllerContext } from '../controllers/ControllerContext';

export const FAULTS_CONFIG_MAP = 'kube-system/dev-cluster-faults';

/** What can be made to go wrong: the keys of the ConfigMap `dev-cluster-faults` in kube-system. */
export type FaultName =
  | 'snapshot-create-delay-ms'
  | 'snapshot-delay-ms'
  | 'snapshot-error'
  | 'snapshot-error-times'
  | 'snapshot-never-ready'
  | 'snapshot-delete-error'
  | 'snapshot-end-missed'
  | 'snapshot-restore-size'
  | 'provision-delay-ms'
  | 'provision-error'
  | 'provision-error-times'
  | 'no-read-only-many'
  | 'copy-bytes-per-second'
  | 'mount-error'
  | 'image-missing'
  | 'evict'
  | 'node-gone';

type ConfigMap = Resource & { data?: Record<string, string> };

/** The switched-on faults, live. */
export class Faults {
  private readonly maps: Informer<ConfigMap>;

  constructor({ informers }: Pick<ControllerContext, 'informers'>) {
    this.maps = informers.of<ConfigMap>(types.configMaps);
  }

  /** The text of a fault, or undefined when it is off. */
  text(name: FaultName): string | undefined {
    return this.maps.get(FAULTS_CONFIG_MAP)?.data?.[name]?.trim() || undefined;
  }

  number(name: FaultName): number | undefined {
    const text = this.text(name);
    const value = text === undefined ? NaN : Number(text);
    return Number.isFinite(value) ? value : undefined;
  }

  on(name: FaultName): boolean {
    const text = this.text(name);
    return text !== undefined && text !== 'false' && text !== '0';
  }

  /** Whether one of a fault's patterns (separated by spaces, commas or lines; `*` stands for anything) is the text. */
  names(name: FaultName, text: string): boolean {
    return (this.text(name) ?? '')
      .split(/[\s,]+/)
      .filter(Boolean)
      .some(pattern => matches(pattern, text));
  }

  onChange(handler: () => void): void {
    this.maps.onChange(map => {
      const { namespace, name } = map.metadata;
      if (`${namespace}/${name}` === FAULTS_CONFIG_MAP) handler();
    });
  }
}

function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .split('*')
    .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`).test(text);
}
