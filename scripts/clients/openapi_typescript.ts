// The round trip by the types of openapi-typescript, with openapi-fetch.
import createClient from 'openapi-fetch';
import type { paths } from './generated/openapi-typescript';
import { roundTrip, type Answer } from './steps';

const api = createClient<paths>({ baseUrl: process.argv[2] });

async function answer(call: Promise<{ data?: unknown; error?: unknown; response: Response }>) {
  const { data, error, response } = await call;
  const header = (name: string) => response.headers.get(name);
  return { status: response.status, data: data ?? error, header } satisfies Answer;
}

const job = (job_id: string) => ({ path: { job_id } });

roundTrip({
  createJob: (body, key) =>
    answer(api.POST('/api/v1/jobs', { body, params: { header: { 'Idempotency-Key': key } } })),
  createJobs: (body) => answer(api.POST('/api/v1/jobs/bulk', { body })),
  getJob: (id, seen) =>
    answer(
      api.GET('/api/v1/jobs/{job_id}', {
        params: { ...job(id), header: { 'If-None-Match': seen } },
      }),
    ),
  claimJobs: (body) => answer(api.POST('/api/v1/claims', { body })),
  heartbeat: (id, body) =>
    answer(api.POST('/api/v1/jobs/{job_id}/heartbeat', { body, params: job(id) })),
  reportItems: (id, body) =>
    answer(api.PATCH('/api/v1/jobs/{job_id}/items', { body, params: job(id) })),
  listItems: (id) => answer(api.GET('/api/v1/jobs/{job_id}/items', { params: job(id) })),
  markCompleted: (id, body) =>
    answer(api.POST('/api/v1/jobs/{job_id}/complete', { body, params: job(id) })),
  updateJob: (id, body, match) =>
    answer(
      api.PATCH('/api/v1/jobs/{job_id}', {
        body,
        params: { ...job(id), header: { 'If-Match': match } },
      }),
    ),
  listJobs: (cursor) =>
    answer(api.GET('/api/v1/jobs', { params: { query: { cursor, limit: 5 } } })),
  countJobs: () => answer(api.GET('/api/v1/jobs/counts')),
  getStats: () => answer(api.GET('/api/v1/stats')),
  listEvents: (id) => answer(api.GET('/api/v1/jobs/{job_id}/events', { params: job(id) })),
  streamJobEvents: (id) =>
    answer(api.GET('/api/v1/jobs/{job_id}/events/stream', { params: job(id), parseAs: 'text' })),
  startImport: (dump) =>
    answer(
      api.POST('/api/v1/imports', {
        body: dump as never,
        bodySerializer: (body) => body as never,
        headers: { 'Content-Type': 'application/octet-stream' },
      }),
    ),
  getImport: (import_id) =>
    answer(api.GET('/api/v1/imports/{import_id}', { params: { path: { import_id } } })),
  startAction: (body) => answer(api.POST('/api/v1/jobs/actions', { body })),
  createSeries: (body) => answer(api.POST('/api/v1/series', { body })),
  deleteSeries: (series_id) =>
    answer(api.DELETE('/api/v1/series/{series_id}', { params: { path: { series_id } } })),
});
