use super::*;
use crate::lifecycle::is_terminal;
use entity::ItemStatus;
use proptest::prelude::*;

fn record(status: JobStatus) -> Record {
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let times = Times {
        created: now,
        updated: now,
        started: None,
        completed: None,
    };
    let mut record = Record::bare(
        SourceKind::VedoJobs,
        "a".into(),
        (status, status.to_string()),
        times,
    );
    record.job_type = "idea2video".into();
    record
}

fn statuses() -> impl Strategy<Value = JobStatus> {
    use JobStatus::{Cancelled, Completed, Failed, Processing, Queued};
    prop::sample::select(vec![Queued, Processing, Completed, Failed, Cancelled])
}

proptest! {
    #[test]
    fn whatever_a_record_says_its_row_keeps_the_checks(
        status in statuses(),
        total: Option<i64>,
        completed: Option<i64>,
        done in prop::collection::vec(any::<bool>(), 0..5),
        ended: bool,
    ) {
        let item = |done: &bool| Item {
            key: "0".into(),
            status: if *done { ItemStatus::Completed } else { ItemStatus::Pending },
            input: None,
            result: None,
            error: None,
            completed: None,
        };
        let mut record = record(status);
        record.times.completed = ended.then_some(record.times.updated);
        (record.total_shots, record.completed_shots) = (total, completed);
        record.items = done.iter().map(item).collect();
        let job = record.into_job().0.job;
        prop_assert!(0 <= job.completed_shots && job.completed_shots <= job.total_shots);
        prop_assert_eq!(job.completed_at.is_some(), is_terminal(status));
        prop_assert!((0.0..=100.0).contains(&job.progress));
    }
}

#[test]
fn keys_that_repeat_are_numbered_and_stay_the_same() {
    let long = "k".repeat(255);
    let keys = ["0", "0", "0.2", "1", "0", &long, &long];
    let mut failed = record(JobStatus::Failed);
    let item = |key: &&str| Item {
        key: (*key).to_owned(),
        status: ItemStatus::Pending,
        input: None,
        result: None,
        error: None,
        completed: None,
    };
    failed.items = keys.iter().map(item).collect();
    let (imported, repairs) = failed.into_job();
    let keys: Vec<_> = imported
        .items
        .iter()
        .map(|item| item.key.as_str())
        .collect();
    assert_eq!(keys[..5], ["0", "0.3", "0.2", "1", "0.4"]);
    assert_eq!(keys[6], format!("{}.2", "k".repeat(253)));
    assert_eq!(repairs[0].rule, "repeated_key_numbered");
}

#[test]
fn a_completed_job_without_items_has_all_its_shots() {
    let mut completed = record(JobStatus::Completed);
    completed.total_shots = Some(6);
    let job = completed.into_job().0.job;
    assert_eq!(
        (job.total_shots, job.completed_shots, job.context),
        (6, 6, None)
    );
}

#[test]
fn items_outweigh_the_counters_which_are_kept() {
    let mut failed = record(JobStatus::Failed);
    failed.total_shots = Some(6);
    let pending = Item {
        key: "0".into(),
        status: ItemStatus::Pending,
        input: None,
        result: None,
        error: None,
        completed: None,
    };
    failed.items = vec![pending];
    let job = failed.into_job().0.job;
    assert_eq!(job.total_shots, 1);
    assert_eq!(job.context.unwrap()["legacy"]["total_shots"], 6);
}
