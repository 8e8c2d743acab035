import type { components } from './schema.generated';

type Schemas = components['schemas'];

/** State of a backup or restore run, in words for developers. @public */
export type RunState = Schemas['RunState'];
/** Items done and found so far. @public */
export type Progress = Schemas['Progress'];
/** Something a person can put right, with the exact command or YAML. @public */
export type Problem = Schemas['Problem'];
/** What kind of problem it is. @public */
export type ProblemCode = Problem['code'];
/** State of the engine on one cluster. @public */
export type EngineState = Schemas['EngineState'];
/** State of one storage location. @public */
export type StorageState = Schemas['StorageState'];
/** A cluster that the user may choose. @public */
export type ClusterChoice = Schemas['ClusterChoice'];
/** Where a component runs: resolved on the server. @public */
export type Target = Schemas['Target'];
/** How a component is protected. @public */
export type Protection = Schemas['Protection'];
/** What started a backup. @public */
export type Trigger = Schemas['Trigger'];
/** One backup of a component. @public */
export type RecoveryPoint = Schemas['RecoveryPoint'];
/** One page of recovery points, newest first. @public */
export type RecoveryPointList = Schemas['RecoveryPointList'];
/** One backup with its resources and findings. @public */
export type RecoveryPointDetail = Schemas['RecoveryPointDetail'];
/** A warning or an error of a run. @public */
export type Finding = Schemas['Finding'];
/** A phase that a run has reached. @public */
export type PhaseStep = Schemas['PhaseStep'];
/** Objects of one kind. @public */
export type ResourceGroup = Schemas['ResourceGroup'];
/** Whether the data of a volume is included. @public */
export type VolumeFinding = Schemas['VolumeFinding'];
/** How a volume's data travels, or travelled. @public */
export type VolumeMethod = NonNullable<VolumeFinding['method']>;
/** What becomes of a volume's data in a restore. @public */
export type PlannedVolume = NonNullable<RestorePreview['volumes']>[number];
/** Body of "back up now". @public */
export type CreateRecoveryPointRequest = Schemas['CreateRecoveryPointRequest'];
/** A deletion that was asked for. @public */
export type DeletionRequest = Schemas['DeletionRequest'];
/** One line of a run's log. @public */
export type LogLine = Schemas['LogLine'];
/** The log of a run. @public */
export type Logs = Schemas['Logs'];
/** Body of a restore preview. @public */
export type RestorePreviewRequest = Schemas['RestorePreviewRequest'];
/** What a restore would do. @public */
export type RestorePreview = Schemas['RestorePreview'];
/** Body of a restore. @public */
export type CreateRestoreRequest = Schemas['CreateRestoreRequest'];
/** One restore of a component. @public */
export type RestoreRun = Schemas['RestoreRun'];
/** Whether the volumes from before a restore in place can come back. @public */
export type RestoreUndo = Schemas['RestoreUndo'];
/** One page of restores, newest first. @public */
export type RestoreRunList = Schemas['RestoreRunList'];
/** One restore with its objects and findings. @public */
export type RestoreRunDetail = Schemas['RestoreRunDetail'];
/** A schedule of a component. @public */
export type BackupSchedule = Schemas['BackupSchedule'];
/** The schedules of a component. @public */
export type BackupScheduleList = Schemas['BackupScheduleList'];
/** Body of a new schedule. @public */
export type CreateScheduleRequest = Schemas['CreateScheduleRequest'];
/** Body of a change to a schedule. @public */
export type UpdateScheduleRequest = Schemas['UpdateScheduleRequest'];
/** The installation as admins see it. @public */
export type Status = Schemas['Status'];
/** Backstage's error body with our problem in it. @public */
export type ApiErrorBody = Schemas['Error'];
