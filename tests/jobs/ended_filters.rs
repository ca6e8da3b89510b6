//! The filters of list_jobs for jobs that have ended: by time, worker and cause.

use super::filters::{create, found, some};
use crate::support::{TestApp, any_job, for_good, parameters, refusal};
use callsheet::{
    jobs::{Filter, StatsDetail},
    lifecycle::BucketSize,
};
use chrono::TimeDelta;
use entity::JobStatus;

#[on_both]
async fn ended_jobs_are_found_by_time_worker_and_cause(t: TestApp) {
    let start = t.now();
    let errors = [
        ("a", "Shot 3 failed\nat line 1"),
        ("b", "CUDA out of memory: tried 2.44 GiB [gpu*?]"),
        ("c", "\n Shot 12 failed"),
        ("d", "Shot 4 failed badly"),
        ("e", "50%_done\\"),
        ("f", "50 pct done"),
        ("g", "3"),
        ("h", "Shot list upload failed"),
        ("i", "\u{a0}disk full  \r\nof host 7"),
        ("j", "Upload of 6f1c2a34-0b1d-4e5f-8a9b-0c1d2e3f4a5b failed"),
        ("k", "Upload of 0199a5b2 failed"),
    ];
    for (id, error) in errors {
        create(&t, id, any_job()).await;
        t.start(id).await;
        t.mark_failed(id, for_good(error), None).await.unwrap();
    }
    create(&t, "runs", any_job()).await;
    t.start("runs").await;
    let of = |error: &str| Filter {
        error: some(error),
        ..Filter::default()
    };
    assert_eq!(found(&t, of("Shot # failed")).await, ["a", "c"]);
    assert_eq!(found(&t, of("Shot # failed badly")).await, ["d"]);
    let memory = "CUDA out of memory: tried #.# GiB [gpu*?]";
    assert_eq!(found(&t, of(memory)).await, ["b"]);
    // No other character than # stands for another.
    assert_eq!(found(&t, of("#%_done\\")).await, ["e"]);
    assert_eq!(found(&t, of("CUDA*")).await, [""; 0]);
    // And # stands for a number or an id, not for words.
    assert_eq!(found(&t, of("#")).await, ["g"]);
    assert_eq!(found(&t, of("disk full")).await, ["i"]);
    assert_eq!(found(&t, of("Upload of # failed")).await, ["j", "k"]);
    assert_eq!(found(&t, of(&"#".repeat(1000))).await, [""; 0]);
    // Each cause of the statistics leads to its jobs.
    let detail = StatsDetail {
        next: None,
        failures: Some(200),
    };
    let stats = t.get_stats(BucketSize::Minute, None, detail).await.unwrap();
    for cause in stats.causes.unwrap() {
        let jobs = found(&t, of(&cause.signature)).await.len();
        assert_eq!(jobs, cause.jobs.len(), "{}", cause.signature);
    }
    let ended = |after: i64, before: i64| Filter {
        ended_after: Some(start + TimeDelta::seconds(after)),
        ended_before: Some(start + TimeDelta::seconds(before)),
        ..Filter::default()
    };
    assert_eq!(found(&t, ended(2, 4)).await, ["b", "c"]);
    let last = i64::try_from(errors.len()).unwrap();
    assert_eq!(found(&t, ended(last + 1, 100)).await, [""; 0]);
    let worker = t.get_job("a").await.unwrap().worker_id;
    let of_worker = Filter {
        worker_id: worker,
        status: Some(JobStatus::Failed),
        ..Filter::default()
    };
    assert_eq!(found(&t, of_worker).await.len(), errors.len());
    let long = of(&"x".repeat(1001));
    let refused = refusal(t.count_jobs(&long).await, "invalid_request");
    assert_eq!(parameters(&refused), ["error too_long"]);
}
