import createFetchClient, { type Client } from 'openapi-fetch';
import { CallsheetError, errorOf } from './errors.js';
import { retrying, type Fetch } from './retry.js';
import type { components, paths } from './schema.js';
import { readStream, type JobMessage, type JobsMessage } from './streams.js';

type Schemas = components['schemas'];
export type JobFilter = Omit<
  NonNullable<paths['/api/v1/jobs']['get']['parameters']['query']>,
  'cursor' | 'offset'
>;

export interface ClientOptions {
  /** URL of the server; http://127.0.0.1:3001 by default. */
  server?: string;
  apiKey?: string;
  /** Milliseconds for which a call that the server could not take is repeated; 20,000 by default. */
  retryFor?: number;
  /** Milliseconds until an answer has to begin; 30,000 by default. */
  timeout?: number;
  /** Replaces the global `fetch`. */
  fetch?: Fetch;
}

export interface FollowOptions {
  /** Id of the last message of an earlier stream. */
  after?: string;
  /** Ends the stream with an error of its reason. */
  signal?: AbortSignal;
}

export interface EventFilter extends FollowOptions {
  jobType?: string[];
  status?: Schemas['JobStatus'][];
  label?: string[];
}

/** Calls by path, `GET`, `POST`, `PUT`, `PATCH` and `DELETE`, and what needs more than one call. */
export interface CallsheetClient extends Client<paths> {
  readonly server: string;
  /** Yields the messages of a job: a snapshot, each change, and last the one of its end. */
  followJob(jobId: string, options?: FollowOptions): AsyncGenerator<JobMessage, void, undefined>;
  /** Yields a snapshot of counts and each change of all jobs that match, without end. */
  followEvents(filter?: EventFilter): AsyncGenerator<JobsMessage, void, undefined>;
  /** Yields all jobs that match, page by page. */
  iterateJobs(filter?: JobFilter): AsyncGenerator<Schemas['ListedJob'], void, undefined>;
}

/** Makes a client of a server. */
export function createClient(options: ClientOptions = {}): CallsheetClient {
  const server = addressOf(options.server ?? 'http://127.0.0.1:3001');
  const retryFor = options.retryFor ?? 20_000;
  const plain: Fetch = options.fetch ?? ((request) => fetch(request));
  const headers: Record<string, string> = options.apiKey
    ? { Authorization: `Bearer ${options.apiKey}` }
    : {};
  const timeout = options.timeout ?? 30_000;
  const client = createFetchClient<paths>({
    baseUrl: server,
    headers,
    fetch: retrying({ server, retryFor, timeout, fetch: plain }),
  });
  const stream = { server, headers, retryFor, fetch: plain };
  return {
    ...client,
    server,
    followJob: (jobId, { after, signal } = {}) =>
      readStream({
        ...stream,
        after,
        signal,
        target: `/api/v1/jobs/${segment(jobId)}/events/stream`,
        endsWithJob: true,
      }),
    followEvents: ({ after, signal, ...filter } = {}) =>
      readStream({
        ...stream,
        after,
        signal,
        target: `/api/v1/events/stream${queryOf(filter)}`,
        endsWithJob: false,
      }),
    iterateJobs: (filter) => iterate(client, server, filter),
  };
}

async function* iterate(client: Client<paths>, server: string, filter: JobFilter = {}) {
  let cursor: string | undefined;
  do {
    const query = { limit: 200, ...filter, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await client.GET('/api/v1/jobs', { params: { query } });
    const page = resultOf(server, answer);
    yield* page.jobs;
    cursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
  } while (cursor !== undefined);
}

/** Returns the data of a call, or throws the `CallsheetError` of its problem. */
export async function unwrap<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<NonNullable<Data>> {
  const answer = await call;
  return resultOf(new URL(answer.response.url).origin, answer);
}

function resultOf<Data>(
  server: string,
  answer: { data?: Data; error?: unknown; response: Response },
): NonNullable<Data> {
  const { data, error, response } = answer;
  const isJson = /^application\/json\b/.test(response.headers.get('Content-Type') ?? '');
  if (response.ok && isJson && data !== undefined && data !== null) return data;
  throw errorOf(server, response.status, error);
}

function addressOf(server: string): string {
  try {
    const url = new URL(server);
    if (/^https?:$/.test(url.protocol)) return server.replace(/\/+$/, '');
  } catch {
    // The error below says it.
  }
  const text = `${server} is not the URL of a server, such as http://127.0.0.1:3001`;
  throw new CallsheetError(text, 'invalid_server');
}

/** Encodes an id as one segment of a path; `.` and `..` would be taken for folders. */
function segment(id: string): string {
  if (id === '' || id === '.' || id === '..') {
    throw new CallsheetError(`${JSON.stringify(id)} is the id of no job`, 'job_not_found');
  }
  return encodeURIComponent(id);
}

function queryOf({ jobType = [], status = [], label = [] }: Omit<EventFilter, 'after' | 'signal'>) {
  const query = new URLSearchParams();
  for (const value of jobType) query.append('job_type', value);
  for (const value of status) query.append('status', value);
  for (const value of label) query.append('label', value);
  return query.size > 0 ? `?${query}` : '';
}
