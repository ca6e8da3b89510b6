// The round trip by the functions of orval, whose addresses are relative to the server.
import * as api from './generated/orval/client';
import { roundTrip, type Answer } from './steps';

const fetchAbsolute = globalThis.fetch;
globalThis.fetch = (path, init) => fetchAbsolute(`${process.argv[2]}${path}`, init);

async function answer(call: Promise<{ status: number; data: unknown; headers: Headers }>) {
  const { status, data, headers } = await call;
  return { status, data, header: (name) => headers.get(name) } satisfies Answer;
}

const headers = (name: string, value?: string) =>
  value ? { headers: { [name]: value } } : undefined;

roundTrip({
  createJob: (body, key) => answer(api.createJob(body, headers('Idempotency-Key', key))),
  createJobs: (body) => answer(api.createJobs(body)),
  getJob: (id, seen) => answer(api.getJob(id, undefined, headers('If-None-Match', seen))),
  claimJobs: (body) => answer(api.claimJobs(body)),
  heartbeat: (id, body) => answer(api.heartbeat(id, body)),
  reportItems: (id, body) => answer(api.reportItems(id, body)),
  listItems: (id) => answer(api.listItems(id)),
  markCompleted: (id, body) => answer(api.markCompleted(id, body)),
  updateJob: (id, body, match) => answer(api.updateJob(id, body, headers('If-Match', match))),
  listJobs: (cursor) => answer(api.listJobs({ cursor, limit: 5 })),
  countJobs: () => answer(api.countJobs()),
  getStats: () => answer(api.getStats()),
  listEvents: (id) => answer(api.listEvents(id)),
  streamJobEvents: (id) => answer(api.streamJobEvents(id)),
  startImport: (dump) => answer(api.startImport(dump)),
  getImport: (id) => answer(api.getImport(id)),
  startAction: (body) => answer(api.startAction(body)),
  createSeries: (body) => answer(api.createSeries(body)),
  deleteSeries: (id) => answer(api.deleteSeries(id)),
});
