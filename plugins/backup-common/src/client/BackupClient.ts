import { ResponseError } from '@backstage/errors';
import type {
  BackupSchedule,
  BackupScheduleList,
  CreateRecoveryPointRequest,
  CreateRestoreRequest,
  CreateScheduleRequest,
  DeletionRequest,
  Logs,
  Protection,
  RecoveryPoint,
  RecoveryPointDetail,
  RecoveryPointList,
  RestorePreview,
  RestorePreviewRequest,
  RestoreRun,
  RestoreRunDetail,
  RestoreRunList,
  Status,
  UpdateScheduleRequest,
} from '../api/viewModels';
import { AnswerCache } from './AnswerCache';
import type {
  BackupApi,
  BackupRequestOptions,
  EntityOnCluster,
  PageOptions,
} from './BackupApi';

/**
 * What the client needs of its host. Fits Backstage's `fetchApiRef` and
 * `discoveryApiRef` as well as Node's `fetch` with `coreServices.discovery`.
 *
 * @public
 */
export interface BackupClientOptions {
  fetchApi: { fetch: typeof fetch };
  discoveryApi: { getBaseUrl(pluginId: string): Promise<string> };
}

interface Call {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  options?: BackupRequestOptions;
}

const keptAnswers = 200;

/**
 * Client of the backup plugin's REST API for browser and Node.
 *
 * @example
 * ```ts
 * const client = new BackupClient({ fetchApi, discoveryApi });
 * const orders = { kind: 'component', namespace: 'default', name: 'orders' };
 * const point = await client.createRecoveryPoint(orders, { note: 'before 1.8' });
 * ```
 *
 * @public
 */
export class BackupClient implements BackupApi {
  readonly #fetchApi: BackupClientOptions['fetchApi'];
  readonly #discoveryApi: BackupClientOptions['discoveryApi'];
  readonly #answers = new AnswerCache(keptAnswers);

  constructor(options: BackupClientOptions) {
    this.#fetchApi = options.fetchApi;
    this.#discoveryApi = options.discoveryApi;
  }

  async getProtection(
    entity: EntityOnCluster,
    options?: BackupRequestOptions,
  ): Promise<Protection> {
    return this.#onEntity(entity, ['protection'], { options });
  }

  async listRecoveryPoints(
    entity: EntityOnCluster,
    options?: PageOptions,
  ): Promise<RecoveryPointList> {
    return this.#onEntity(entity, ['backups'], {
      query: { limit: options?.limit, cursor: options?.cursor },
      options,
    });
  }

  async createRecoveryPoint(
    entity: EntityOnCluster,
    request: CreateRecoveryPointRequest = {},
    options?: BackupRequestOptions,
  ): Promise<RecoveryPoint> {
    return this.#onEntity(entity, ['backups'], {
      method: 'POST',
      body: request,
      options,
    });
  }

  async getRecoveryPoint(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPointDetail> {
    return this.#onEntity(entity, ['backups', backup], { options });
  }

  async deleteRecoveryPoint(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<DeletionRequest> {
    return this.#onEntity(entity, ['backups', backup], {
      method: 'DELETE',
      options,
    });
  }

  async getRecoveryPointLogs(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<Logs> {
    return this.#onEntity(entity, ['backups', backup, 'logs'], { options });
  }

  async cancelRecoveryPoint(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPoint> {
    return this.#onEntity(entity, ['backups', backup, 'cancel'], {
      method: 'POST',
      options,
    });
  }

  async previewRestore(
    entity: EntityOnCluster,
    backup: string,
    request: RestorePreviewRequest = {},
    options?: BackupRequestOptions,
  ): Promise<RestorePreview> {
    return this.#onEntity(entity, ['backups', backup, 'restore-preview'], {
      method: 'POST',
      body: request,
      options,
    });
  }

  async listRestores(
    entity: EntityOnCluster,
    options?: PageOptions,
  ): Promise<RestoreRunList> {
    return this.#onEntity(entity, ['restores'], {
      query: { limit: options?.limit, cursor: options?.cursor },
      options,
    });
  }

  async createRestore(
    entity: EntityOnCluster,
    request: CreateRestoreRequest,
    options?: BackupRequestOptions,
  ): Promise<RestoreRun> {
    return this.#onEntity(entity, ['restores'], {
      method: 'POST',
      body: request,
      options,
    });
  }

  async getRestore(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<RestoreRunDetail> {
    return this.#onEntity(entity, ['restores', restore], { options });
  }

  async getRestoreLogs(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<Logs> {
    return this.#onEntity(entity, ['restores', restore, 'logs'], { options });
  }

  async cancelRestore(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<RestoreRun> {
    return this.#onEntity(entity, ['restores', restore, 'cancel'], {
      method: 'POST',
      options,
    });
  }

  async undoRestore(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<RestoreRun> {
    return this.#onEntity(entity, ['restores', restore, 'undo'], {
      method: 'POST',
      options,
    });
  }

  async listSchedules(
    entity: EntityOnCluster,
    options?: BackupRequestOptions,
  ): Promise<BackupScheduleList> {
    return this.#onEntity(entity, ['schedules'], { options });
  }

  async createSchedule(
    entity: EntityOnCluster,
    request: CreateScheduleRequest,
    options?: BackupRequestOptions,
  ): Promise<BackupSchedule> {
    return this.#onEntity(entity, ['schedules'], {
      method: 'POST',
      body: request,
      options,
    });
  }

  async updateSchedule(
    entity: EntityOnCluster,
    schedule: string,
    request: UpdateScheduleRequest,
    options?: BackupRequestOptions,
  ): Promise<BackupSchedule> {
    return this.#onEntity(entity, ['schedules', schedule], {
      method: 'PATCH',
      body: request,
      options,
    });
  }

  async deleteSchedule(
    entity: EntityOnCluster,
    schedule: string,
    options?: BackupRequestOptions,
  ): Promise<void> {
    await this.#onEntity(entity, ['schedules', schedule], {
      method: 'DELETE',
      options,
    });
  }

  async runSchedule(
    entity: EntityOnCluster,
    schedule: string,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPoint> {
    return this.#onEntity(entity, ['schedules', schedule, 'run'], {
      method: 'POST',
      options,
    });
  }

  async getStatus(options?: BackupRequestOptions): Promise<Status> {
    return this.#call(['status'], { options });
  }

  async #onEntity<T>(
    entity: EntityOnCluster,
    path: string[],
    call: Call,
  ): Promise<T> {
    return this.#call(
      [
        'entities',
        entity.kind.toLocaleLowerCase('en-US'),
        entity.namespace.toLocaleLowerCase('en-US'),
        entity.name.toLocaleLowerCase('en-US'),
        ...path,
      ],
      { ...call, query: { ...call.query, cluster: entity.cluster } },
    );
  }

  async #call<T>(path: string[], call: Call): Promise<T> {
    const url = await this.#urlOf(path, call.query);
    const method = call.method ?? 'GET';
    const key = `${call.options?.token ?? ''} ${url}`;
    const known = method === 'GET' ? this.#answers.get(key) : undefined;

    const headers: Record<string, string> = {};
    if (call.options?.token) {
      headers.Authorization = `Bearer ${call.options.token}`;
    }
    if (known) {
      headers['If-None-Match'] = known.etag;
    }
    if (call.body !== undefined) {
      headers['Content-Type'] = 'application/json';
    }

    const response = await this.#fetchApi.fetch(url, {
      method,
      headers,
      signal: call.options?.signal,
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
    });

    if (known && response.status === 304) {
      return known.value as T;
    }
    if (!response.ok) {
      this.#answers.delete(key);
      throw await ResponseError.fromResponse(response);
    }
    if (response.status === 204) {
      return undefined as T;
    }
    const value = (await response.json()) as T;
    const etag = response.headers.get('etag');
    if (method === 'GET' && etag) {
      this.#answers.set(key, { etag, value });
    }
    return value;
  }

  async #urlOf(path: string[], query: Call['query'] = {}): Promise<string> {
    const base = await this.#discoveryApi.getBaseUrl('backup');
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        search.set(name, String(value));
      }
    }
    const suffix = search.size > 0 ? `?${search}` : '';
    return `${base}/${path.map(encodeURIComponent).join('/')}${suffix}`;
  }
}
