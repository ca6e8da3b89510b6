use super::*;
use crate::metrics::{
    Connections, DatabaseNumbers, Ending, Files, LoopNumbers, QueryKind, RedisReads,
    families::FAMILIES,
};
use std::time::Duration;

fn everything() -> (Arc<Instruments>, Measured) {
    let instruments = Instruments::default();
    instruments
        .requests
        .name_operations(["get_job"].into_iter());
    let took = Duration::from_millis(2);
    instruments.requests.observe(Some("get_job"), 200, took);
    instruments.jobs.created("a");
    instruments.jobs.started("a", Some(2.0));
    instruments.jobs.ended("a", Ending::Completed, Some(40.0));
    instruments.queries.observe(QueryKind::Read, took);
    instruments.batch_sizes.observe(3.0);
    instruments.commits.observe(0.002);
    let database = DatabaseNumbers {
        jobs: vec![("a".into(), "queued", 4), ("b\"\n".into(), "failed", 1)],
        oldest_due: vec![("a".into(), 12.5)],
        workers_live: 2,
        clock_ahead: Some(-0.25),
        free_pages: Some(7),
    };
    let one_loop = LoopNumbers {
        name: "sweep",
        succeeded_at: Some(1_767_225_600.5),
        errors: 3,
    };
    let measured = Measured {
        version: "0.1.0",
        database_name: "SQLite",
        database: Some(database),
        connections: Connections { idle: 7, used: 1 },
        loops: vec![one_loop],
        files: Some(Files {
            database: 4096,
            log: 0,
        }),
        redis: Some(RedisReads {
            is_up: true,
            hits: 5,
            misses: 2,
            failures: 1,
        }),
        ..Measured::default()
    };
    (Arc::new(instruments), measured)
}

#[test]
fn every_family_is_in_a_full_scrape() {
    let (instruments, measured) = everything();
    let text = text(instruments, measured, Format::OpenMetrics).unwrap();
    for family in FAMILIES {
        let described = format!("# HELP {} {}\n", family.name, family.help);
        assert!(text.contains(&described), "{described}{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    for line in [
        "callsheet_jobs{job_type=\"a\",status=\"queued\"} 4",
        "callsheet_jobs{job_type=\"b\\\"\\n\",status=\"failed\"} 1",
        "callsheet_oldest_due_seconds{job_type=\"a\"} 12.5",
        "callsheet_jobs_ended_total{job_type=\"a\",status=\"completed\"} 1",
        "callsheet_http_requests_total{operation=\"get_job\",status=\"200\"} 1",
        "callsheet_job_run_seconds_bucket{le=\"60.0\",job_type=\"a\"} 1",
        "callsheet_db_connections{state=\"used\"} 1",
        "callsheet_loop_errors_total{loop=\"sweep\"} 3",
        "callsheet_database_up 1",
        "callsheet_redis_up 1",
        "callsheet_redis_hits_total 5",
        "callsheet_redis_failures_total 1",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} in\n{text}");
    }
}

#[test]
fn the_older_format_names_counters_as_prometheus_expects() {
    let (instruments, measured) = everything();
    let text = text(instruments, measured, Format::Prometheus).unwrap();
    assert!(text.contains("# TYPE callsheet_jobs_created_total counter\n"));
    assert!(!text.contains("# EOF"), "{text}");
}

#[test]
fn a_database_that_is_away_takes_only_its_own_numbers_along() {
    let (instruments, measured) = everything();
    let away = Measured {
        database: None,
        ..measured
    };
    let text = text(instruments, away, Format::OpenMetrics).unwrap();
    assert!(text.contains("callsheet_database_up 0\n"));
    assert!(!text.contains("callsheet_workers_live"), "{text}");
    assert!(text.contains("callsheet_commit_seconds_count 1\n"));
}
