import { http, HttpResponse, JsonBodyType, RequestHandler } from 'msw';
import type { Problem } from '@lifeboat/backstage-plugin-backup-common';
import { MockBackend } from './MockBackend';

/** Where the mocked REST API is, for clients and handlers alike. */
export const mockBaseUrl = 'http://localhost/api/backup';

const entityPath = `${mockBaseUrl}/entities/:kind/:namespace/:name`;

/** An error as Backstage's backends send it, with our problem in it. */
export function errorResponse(
  status: number,
  message: string,
  problem?: Problem,
) {
  return HttpResponse.json(
    {
      error: { name: 'Error', message, problem },
      response: { statusCode: status },
    },
    { status },
  );
}

function notFound() {
  return errorResponse(404, 'Not found');
}

/** JSON with an ETag; 304 without a body when the client has it already. */
function cached(request: Request, body: JsonBodyType) {
  const text = JSON.stringify(body);
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash, 31) + text.charCodeAt(index);
  }
  const etag = `W/"${hash}"`;
  return request.headers.get('if-none-match') === etag
    ? new HttpResponse(null, { status: 304, headers: { etag } })
    : HttpResponse.json(body, { headers: { etag } });
}

/** The REST API of a mocked backend, for msw. */
export function mockHandlers(backend: MockBackend): RequestHandler[] {
  return [
    http.get(/\/api\/backup\/status$/, () =>
      HttpResponse.json({
        engine: { mode: 'builtin', state: 'running', restarts: 0 },
        clusters: [
          {
            name: 'demo',
            reachable: true,
            engine: { state: 'running', warnings: backend.engineWarnings },
            storage: [],
          },
        ],
      }),
    ),
    http.get(`${entityPath}/protection`, ({ request }) => {
      const cluster =
        new URL(request.url).searchParams.get('cluster') ?? undefined;
      return cached(request, backend.protection(cluster));
    }),
    http.get(`${entityPath}/backups`, ({ request }) => {
      const query = new URL(request.url).searchParams;
      const from = Number(query.get('cursor') ?? 0);
      const to = from + Number(query.get('limit') ?? 50);
      const all = backend.listPoints();
      return cached(request, {
        items: all.slice(from, to),
        ...(to < all.length && { nextCursor: String(to) }),
      });
    }),
    http.post(`${entityPath}/backups`, async ({ request }) => {
      const { note } = (await request.json()) as { note?: string };
      return HttpResponse.json(backend.createPoint(undefined, note), {
        status: 201,
      });
    }),
    http.get(`${entityPath}/backups/:backup`, ({ request, params }) => {
      const point = backend.point(String(params.backup));
      return point ? cached(request, point) : notFound();
    }),
    http.delete(`${entityPath}/backups/:backup`, ({ params }) => {
      const name = String(params.backup);
      return backend.deletePoint(name)
        ? HttpResponse.json(
            {
              name: `${name}-delete`,
              backup: name,
              createdAt: new Date(backend.clock()).toISOString(),
            },
            { status: 202 },
          )
        : notFound();
    }),
    http.post(`${entityPath}/backups/:backup/cancel`, ({ params }) => {
      const point = backend.cancel(backend.points, String(params.backup));
      return point ? HttpResponse.json(point, { status: 202 }) : notFound();
    }),
    http.post(`${entityPath}/restores/:restore/cancel`, ({ params }) => {
      const run = backend.cancel(backend.restores, String(params.restore));
      return run ? HttpResponse.json(run, { status: 202 }) : notFound();
    }),
    http.post(`${entityPath}/restores/:restore/undo`, ({ params }) => {
      const name = String(params.restore);
      const run = backend.undo(name);
      return run
        ? HttpResponse.json(run, { status: 202 })
        : errorResponse(409, `There is nothing to undo: ${name}`);
    }),
    http.get(`${entityPath}/backups/:backup/logs`, ({ request, params }) =>
      cached(
        request,
        backend.logs(
          backend.point(String(params.backup))?.completedAt !== undefined,
        ),
      ),
    ),
    http.post(
      `${entityPath}/backups/:backup/restore-preview`,
      async ({ request, params }) =>
        HttpResponse.json(
          backend.preview(
            String(params.backup),
            (await request.json()) as Record<string, string>,
          ),
        ),
    ),
    http.get(`${entityPath}/restores`, ({ request }) =>
      cached(request, { items: backend.listRestores() }),
    ),
    http.post(`${entityPath}/restores`, async ({ request }) =>
      HttpResponse.json(
        backend.createRestore(
          (await request.json()) as { backup: string; targetNamespace: string },
        ),
        { status: 201 },
      ),
    ),
    http.get(`${entityPath}/restores/:restore`, ({ request, params }) => {
      const run = backend.restore(String(params.restore));
      return run ? cached(request, run) : notFound();
    }),
    http.get(`${entityPath}/restores/:restore/logs`, ({ request }) =>
      cached(request, backend.logs(true)),
    ),
    http.get(`${entityPath}/schedules`, ({ request }) =>
      cached(request, { items: backend.schedules }),
    ),
    http.post(`${entityPath}/schedules`, async ({ request }) =>
      HttpResponse.json(
        backend.createSchedule((await request.json()) as { cron: string }),
        { status: 201 },
      ),
    ),
    http.patch(
      `${entityPath}/schedules/:schedule`,
      async ({ request, params }) => {
        const schedule = backend.updateSchedule(
          String(params.schedule),
          (await request.json()) as { paused?: boolean },
        );
        return schedule ? HttpResponse.json(schedule) : notFound();
      },
    ),
    http.delete(`${entityPath}/schedules/:schedule`, ({ params }) =>
      backend.deleteSchedule(String(params.schedule))
        ? new HttpResponse(null, { status: 204 })
        : notFound(),
    ),
    http.post(`${entityPath}/schedules/:schedule/run`, ({ params }) =>
      HttpResponse.json(
        backend.createPoint({
          type: 'schedule',
          schedule: String(params.schedule),
        }),
        { status: 201 },
      ),
    ),
  ];
}
