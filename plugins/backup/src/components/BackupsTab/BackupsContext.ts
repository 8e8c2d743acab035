import { createContext, useContext } from 'react';
import type {
  BackupApi,
  EntityOnCluster,
  Protection,
  RecoveryPoint,
} from '@lifeboat/backstage-plugin-backup-common';
import { LoadedList } from '../../hooks/loadAllPages';
import { PolledResource } from '../../hooks/usePolledResource';
import { TabNavigation } from '../../hooks/useTabLocation';

/** What every part of the tab works with. */
export interface BackupsContextValue {
  api: BackupApi;
  /** The entity, with the cluster when the user chose one. */
  entity: EntityOnCluster;
  /** How the component is called on the page. */
  title: string;
  navigation: TabNavigation;
  protection: Protection;
  points: PolledResource<LoadedList<RecoveryPoint>>;
  /** Shows what was just made until the list has it. */
  expectPoint(point: RecoveryPoint): void;
  /** Says in words what an action has done, and reads again what it may have changed. */
  succeeded(text: string): void;
  /** Says that an action did not work. */
  fail(error: unknown): void;
  backUpNow(): void;
  backingUp: boolean;
  /** Asks before a recovery point is deleted. */
  askToDelete(point: RecoveryPoint): void;
}

const BackupsContext = createContext<BackupsContextValue | undefined>(
  undefined,
);

export const BackupsProvider = BackupsContext.Provider;

export function useBackups(): BackupsContextValue {
  const value = useContext(BackupsContext);
  if (!value) {
    throw new Error('useBackups is for components inside the tab "Backups"');
  }
  return value;
}
