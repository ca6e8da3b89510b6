//! Names, kinds and descriptions of all metric families.

use prometheus_client::metrics::MetricType;

/// A metric family. Counters have `_total` at the end of their samples' names.
#[derive(Debug)]
pub struct Family {
    pub name: &'static str,
    pub kind: MetricType,
    pub help: &'static str,
}

const fn family(name: &'static str, kind: MetricType, help: &'static str) -> Family {
    Family { name, kind, help }
}

macro_rules! families {
    ($($constant:ident $kind:ident $name:literal $help:literal;)+) => {
        $(pub const $constant: Family = family($name, MetricType::$kind, $help);)+

        /// All families, in the order of the text.
        pub const FAMILIES: &[&Family] = &[$(&$constant),+];
    };
}

families! {
    BUILD Gauge "callsheet_build_info" "Version of the server and kind of its database; always 1.";
    UPTIME Gauge "callsheet_uptime_seconds" "Seconds since the server started.";
    DRAINING Gauge "callsheet_draining" "1 while the server stops soon and readiness fails, otherwise 0.";
    DATABASE_UP Gauge "callsheet_database_up" "1 if the database answered this scrape, otherwise 0.";
    JOBS Gauge "callsheet_jobs" "Jobs in the database by type and status.";
    OLDEST_DUE Gauge "callsheet_oldest_due_seconds" "Seconds since the job at the head of the type's queue has been due; 0 if none is due.";
    WORKERS_LIVE Gauge "callsheet_workers_live" "Workers that hold a job or called recently, on all servers.";
    CLOCK_AHEAD Gauge "callsheet_clock_ahead_seconds" "Seconds by which the server's clock is ahead of PostgreSQL's.";
    JOBS_CREATED Counter "callsheet_jobs_created" "Jobs that this server created.";
    JOBS_ENDED Counter "callsheet_jobs_ended" "Jobs that ended by a write of this server.";
    JOB_WAIT Histogram "callsheet_job_wait_seconds" "Seconds from the due time of a job to its start.";
    JOB_RUN Histogram "callsheet_job_run_seconds" "Seconds of the last attempt of completed and failed jobs.";
    REQUESTS Counter "callsheet_http_requests" "Answered requests by operation and status.";
    LEGACY_CALLS Counter "callsheet_legacy_calls" "Answered calls of older services, by the id of the operation; none for a while means that every client has moved.";
    REQUEST_DURATION Histogram "callsheet_http_request_duration_seconds" "Seconds from a request to the beginning of its answer.";
    CLAIMS_WAITING Gauge "callsheet_claims_waiting" "Claims that wait for a job on this server.";
    STREAMS_OPEN Gauge "callsheet_streams_open" "Event streams open on this server.";
    WRITES_WAITING Gauge "callsheet_writes_waiting" "Writes that wait for their turn or are running.";
    WRITES_BLOCKED Counter "callsheet_writes_blocked" "Times that a write found its row locked by another transaction.";
    BATCH_SIZE Histogram "callsheet_write_batch_size" "Writes in one transaction.";
    COMMIT Histogram "callsheet_commit_seconds" "Seconds of a commit.";
    QUERY Histogram "callsheet_query_seconds" "Seconds of a statement: read if it begins with SELECT, otherwise write.";
    CONNECTIONS Gauge "callsheet_db_connections" "Open connections to the database by state, idle or used.";
    CACHE_ENTRIES Gauge "callsheet_cache_entries" "Jobs in the memory cache.";
    CACHE_HITS Counter "callsheet_cache_hits" "Reads of a job that the memory cache answered.";
    CACHE_MISSES Counter "callsheet_cache_misses" "Reads of a job that the memory cache could not answer.";
    CACHE_EVICTIONS Counter "callsheet_cache_evictions" "Jobs that the memory cache dropped to make room, or because of their age.";
    REDIS_UP Gauge "callsheet_redis_up" "1 if Redis answers, otherwise 0; only with --redis-url.";
    REDIS_HITS Counter "callsheet_redis_hits" "Reads of a job that Redis answered; only with --redis-url.";
    REDIS_MISSES Counter "callsheet_redis_misses" "Reads of a job that Redis could not answer; only with --redis-url.";
    REDIS_FAILURES Counter "callsheet_redis_failures" "Reads of a job for which Redis failed or was late; only with --redis-url.";
    LOOP_SUCCESS Gauge "callsheet_loop_last_success_timestamp_seconds" "Time of the last successful run of a background loop, in seconds since 1970.";
    LOOP_ERRORS Counter "callsheet_loop_errors" "Runs of a background loop that failed.";
    LOG_DROPPED Counter "callsheet_log_lines_dropped" "Log lines that could not be written.";
    SQLITE_BYTES Gauge "callsheet_sqlite_database_bytes" "Size of the SQLite file.";
    SQLITE_WAL Gauge "callsheet_sqlite_wal_bytes" "Size of the write-ahead log of SQLite.";
    SQLITE_FREE Gauge "callsheet_sqlite_free_pages" "Pages of the SQLite file that hold nothing.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_follow_the_rules_of_prometheus() {
        let names: BTreeSet<_> = FAMILIES.iter().map(|family| family.name).collect();
        assert_eq!(names.len(), FAMILIES.len());
        for family in FAMILIES {
            assert!(family.name.starts_with("callsheet_"), "{}", family.name);
            assert!(!family.name.ends_with("_total"), "{}", family.name);
            assert!(family.help.ends_with('.'), "{}", family.help);
        }
    }
}
