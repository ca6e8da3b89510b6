// The round trip by the classes of openapi-generator's typescript-fetch. They rename the fields of
// a job to camelCase; the converters of their models rename them back.
import * as api from './generated/typescript-fetch';
import { roundTrip, type Answer } from './steps';

const configuration = new api.Configuration({ basePath: process.argv[2] });
const jobs = new api.JobsApi(configuration);
const workers = new api.WorkersApi(configuration);
const items = new api.ItemsApi(configuration);
const lifecycle = new api.LifecycleApi(configuration);
const events = new api.EventsApi(configuration);
const imports = new api.ImportsApi(configuration);
const series = new api.SeriesApi(configuration);

/** The value is parsed by the client's model, and compared as it came. */
async function answer<T>(call: Promise<api.ApiResponse<T>>): Promise<Answer> {
  try {
    const response = await call;
    const { raw } = response;
    const copy = raw.clone();
    await response.value();
    return await plain(copy);
  } catch (error) {
    if (error instanceof api.ResponseError) return plain(error.response);
    throw error;
  }
}

async function plain(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  const data = isJson ? JSON.parse(text) : text;
  return { status: response.status, data, header: (name) => response.headers.get(name) };
}

roundTrip({
  createJob: (body, idempotencyKey) =>
    answer(jobs.createJobRaw({ newJob: api.NewJobFromJSON(body), idempotencyKey })),
  createJobs: (body) => answer(jobs.createJobsRaw({ newJobs: api.NewJobsFromJSON(body) })),
  getJob: (jobId, ifNoneMatch) => answer(jobs.getJobRaw({ jobId, ifNoneMatch })),
  claimJobs: (body) => answer(workers.claimJobsRaw({ claimJobs: api.ClaimJobsFromJSON(body) })),
  heartbeat: (jobId, body) =>
    answer(workers.heartbeatRaw({ jobId, sendHeartbeat: api.SendHeartbeatFromJSON(body) })),
  reportItems: (jobId, body) =>
    answer(items.reportItemsRaw({ jobId, reportItems: api.ReportItemsFromJSON(body) })),
  listItems: (jobId) => answer(items.listItemsRaw({ jobId })),
  markCompleted: (jobId, body) =>
    answer(lifecycle.markCompletedRaw({ jobId, completeJob: api.CompleteJobFromJSON(body) })),
  updateJob: (jobId, body, ifMatch) =>
    answer(jobs.updateJobRaw({ jobId, jobPatch: api.JobPatchFromJSON(body), ifMatch })),
  listJobs: (cursor) => answer(jobs.listJobsRaw({ cursor, limit: 5 })),
  countJobs: () => answer(jobs.countJobsRaw({})),
  getStats: () => answer(new api.StatsApi(configuration).getStatsRaw({})),
  listEvents: (jobId) => answer(events.listEventsRaw({ jobId })),
  streamJobEvents: (jobId) => answer(events.streamJobEventsRaw({ jobId })),
  startImport: (body) => answer(imports.startImportRaw({ body })),
  getImport: (importId) => answer(imports.getImportRaw({ importId })),
  startAction: (body) =>
    answer(
      new api.ActionsApi(configuration).startActionRaw({ newAction: api.NewActionFromJSON(body) }),
    ),
  createSeries: (body) =>
    answer(series.createSeriesRaw({ newSeries: api.NewSeriesFromJSON(body) })),
  deleteSeries: (seriesId) => answer(series.deleteSeriesRaw({ seriesId })),
});
