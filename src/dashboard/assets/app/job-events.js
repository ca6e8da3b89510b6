// Puts events of the stream into jobs that are shown, and passes on jobs that calls returned.

const watchers = new Set();

/** A call returned the job, often sooner than the stream brings its event. */
export function jobChanged(job) {
  for (const watcher of watchers) watcher(job);
}

/** Returns a function that ends it. */
export function onJobChanged(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Fields that an event of the kind changes, beside those that every event has. */
const CHANGES = {
  started: (job, data, at) => ({
    attempt: data?.attempt ?? job.attempt + 1,
    worker_id: data?.worker_id ?? job.worker_id,
    error: null,
    started_at: job.started_at ?? at,
    run_at: null,
  }),
  retry_scheduled: (job, data) => ({
    error: data?.error ?? job.error,
    run_at: data?.run_at ?? null,
  }),
  failed: (job, data) => ({ error: data?.error ?? job.error }),
  completed: () => ({ error: null }),
  cancel_requested: (job, data, at) => ({ cancel_requested_at: at }),
  retried: () => ({ run_at: null, completed_at: null }),
  recovered: () => ({ run_at: null, completed_at: null }),
};

function applyEvent(job, event) {
  const { status, progress, current_stage, total_shots, completed_shots, seq } = event;
  const { data, kind, created_at: at } = event;
  const before = job.status;
  Object.assign(job, { status, progress, current_stage, total_shots, completed_shots });
  Object.assign(job, { version: seq, updated_at: at }, CHANGES[kind]?.(job, data, at));
  if (status !== 'processing') {
    Object.assign(job, { lease_expires_at: null, cancel_requested_at: null });
  }
  if (before !== status) {
    job.completed_at = status === 'queued' || status === 'processing' ? null : at;
  }
}

/** Kinds of events that change fields which the event does not have: the job is read again. */
export const UNTOLD = ['undone', 'updated', 'merged', 'overwritten', 'detached'];

/** Applies an event, or a whole job, to `job`. False when the job is as new: versions only rise. */
export function apply(job, event) {
  const version = event.version ?? event.seq;
  if (version === undefined || version <= job.version) return false;
  if (event.version !== undefined) Object.assign(job, event);
  else applyEvent(job, event);
  return true;
}
