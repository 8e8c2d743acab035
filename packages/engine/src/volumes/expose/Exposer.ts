import type { ControllerContext } from '../../controllers/Controller';
import type { DataPathObject } from '../movers/DataPathObject';
import type { MoverPlacement, MoverVolume } from '../movers/moverPod';
import type { Waiting } from './Waiting';

/** A volume that a mover can be started for. */
export interface ExposedVolume {
  volume: MoverVolume;
  placement: MoverPlacement;
  isPrivileged?: boolean;
}

/**
 * Makes one volume reachable for a mover in the control namespace. Each function goes as far as the cluster allows, returns what
 * it waits for, and may be called again at any time, also by a process that knows nothing of the earlier calls.
 */
export interface Exposer<T extends DataPathObject> {
  /** @throws DataPathError when it can never be reached */
  expose(
    owner: T,
    context: ControllerContext,
  ): Promise<ExposedVolume | Waiting>;
  /**
   * After the mover has ended well: puts its result in place.
   *
   * @returns undefined when that is done
   * @throws DataPathError when it cannot be done
   */
  finish?(owner: T, context: ControllerContext): Promise<Waiting | undefined>;
  /**
   * After the end, however it came: removes everything temporary.
   *
   * @returns undefined when nothing is left
   */
  cleanUp(owner: T, context: ControllerContext): Promise<Waiting | undefined>;
  /** While the mover's pod does not run yet: mends what can be mended, and says whether it waits for its claim. */
  whileStarting?(
    owner: T,
    context: ControllerContext,
  ): Promise<{ isWaitingForClaim: boolean }>;
}
