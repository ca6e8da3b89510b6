// The round trip by the functions of hey-api.
import { client } from './generated/hey-api/client.gen';
import * as api from './generated/hey-api';
import { roundTrip, type Answer } from './steps';

client.setConfig({ baseUrl: process.argv[2] });

async function answer(call: Promise<{ data?: unknown; error?: unknown; response?: Response }>) {
  const { data, error, response } = await call;
  const header = (name: string) => response?.headers.get(name) ?? null;
  return { status: response?.status ?? 0, data: data ?? error, header } satisfies Answer;
}

const job = (job_id: string) => ({ path: { job_id } });

async function stream(id: string) {
  const data: unknown[] = [];
  const { stream: messages } = await api.streamJobEvents({ ...job(id), sseMaxRetryAttempts: 1 });
  for await (const message of messages) data.push(message);
  return { status: 200, data, header: () => null };
}

roundTrip({
  createJob: (body, key) =>
    answer(api.createJob({ body, headers: key ? { 'Idempotency-Key': key } : {} })),
  createJobs: (body) => answer(api.createJobs({ body })),
  getJob: (id, seen) =>
    answer(api.getJob({ ...job(id), headers: seen ? { 'If-None-Match': seen } : {} })),
  claimJobs: (body) => answer(api.claimJobs({ body })),
  heartbeat: (id, body) => answer(api.heartbeat({ body, ...job(id) })),
  reportItems: (id, body) => answer(api.reportItems({ body, ...job(id) })),
  listItems: (id) => answer(api.listItems(job(id))),
  markCompleted: (id, body) => answer(api.markCompleted({ body, ...job(id) })),
  updateJob: (id, body, match) =>
    answer(api.updateJob({ body, ...job(id), headers: match ? { 'If-Match': match } : {} })),
  listJobs: (cursor) => answer(api.listJobs({ query: { cursor, limit: 5 } })),
  countJobs: () => answer(api.countJobs()),
  getStats: () => answer(api.getStats()),
  listEvents: (id) => answer(api.listEvents(job(id))),
  streamJobEvents: stream,
  startImport: (body) => answer(api.startImport({ body })),
  getImport: (import_id) => answer(api.getImport({ path: { import_id } })),
  startAction: (body) => answer(api.startAction({ body })),
  createSeries: (body) => answer(api.createSeries({ body })),
  deleteSeries: (series_id) => answer(api.deleteSeries({ path: { series_id } })),
});
