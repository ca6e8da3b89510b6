use super::*;
use entity::ItemStatus;

fn read(text: &str) -> Record {
    let Ok(Value::Object(mut record)) = serde_json::from_str(text) else {
        panic!("a record is an object")
    };
    assert_eq!(SourceKind::recognise(&record), Some(SourceKind::Web2img));
    Web2img.arrange(&mut record, text.as_bytes());
    Web2img.read(None, record, &Context::default()).unwrap()
}

#[test]
fn items_stay_in_the_order_of_the_file_and_the_last_of_an_id_counts() {
    let record = read(
        r#"{"job_id": "b", "config": {}, "status": "failed", "created_at": 1751667831.5, "updated_at": 1751667843,
            "items": {"z": {"status": "pending"}, "a": {"id": "a", "status": "error", "error": "e"}, "z": {"status": "success", "url": "u"}}}"#,
    );
    let items: Vec<_> = record
        .items
        .iter()
        .map(|item| (item.key.as_str(), item.status))
        .collect();
    assert_eq!(
        items,
        [("z", ItemStatus::Completed), ("a", ItemStatus::Failed)]
    );
    assert_eq!(record.status, JobStatus::Failed);
}

#[test]
fn a_cancelled_job_is_told_by_its_items_and_a_scheduled_one_waits() {
    let record = read(
        r#"{"job_id": "b", "config": {}, "status": "completed_with_errors", "created_at": 1, "updated_at": 2,
            "items": {"a": {"status": "error", "error": "Job cancelled"}}}"#,
    );
    assert_eq!(
        (record.status, record.source_status.as_str()),
        (JobStatus::Cancelled, "completed_with_errors")
    );
    let record = read(
        r#"{"job_id": "b", "config": {}, "status": "scheduled", "created_at": 1, "updated_at": 2, "items": {},
            "priority": "low", "scheduled_time": 1751781600.0}"#,
    );
    assert_eq!((record.status, record.priority), (JobStatus::Queued, -10));
    assert_eq!(record.run_at.map(|at| at.timestamp()), Some(1751781600));
}

#[test]
fn a_recurrence_becomes_a_paused_schedule_unless_the_job_has_ended() {
    let of = |status: &str, recurrence: &str| {
        let record = read(&format!(
            r#"{{"job_id": "batch-1A", "config": {{"cache": true}}, "status": "{status}",
                "created_at": 1751662211.2, "updated_at": 1751662211.2, "items": {{}},
                "scheduled_time": 1751781600.0, "next_scheduled_time": 1752386400.0,
                {recurrence}}}"#
        ));
        record.schedule
    };
    let weekly = r#""recurrence_pattern": "weekly", "recurrence_count": 3"#;
    let schedule = of("scheduled", weekly).unwrap();
    assert_eq!((&*schedule.id, &*schedule.expr), ("batch-1a", "1w"));
    assert!(schedule.paused_at.is_some() && schedule.next_at.is_none());
    let at = |time: Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.timestamp());
    // The job itself is the first of three.
    let week = 7 * 86_400;
    assert_eq!(
        (at(schedule.starts_at), at(schedule.ends_at)),
        (Some(1_752_386_400), Some(1_752_386_400 + week))
    );
    assert_eq!(
        schedule.template,
        serde_json::json!({
            "job_type": "web2img", "request_data": {"cache": true}, "priority": 0
        })
    );
    assert_eq!(of("completed", weekly), None);
    let expr = |recurrence: &str| of("pending", recurrence).map(|schedule| schedule.expr);
    for (recurrence, expected) in [
        (
            r#""recurrence_pattern": "hourly", "recurrence_interval": 6"#,
            Some("6h"),
        ),
        (
            r#""recurrence_pattern": "daily", "recurrence_interval": 2"#,
            Some("2d"),
        ),
        (r#""recurrence_pattern": "monthly""#, Some("0 6 13 * *")),
        (
            r#""recurrence_pattern": "monthly", "recurrence_interval": 3"#,
            Some("0 6 13 1,4,7,10 *"),
        ),
        (
            r#""recurrence_pattern": "monthly", "recurrence_interval": 5"#,
            None,
        ),
        (
            r#""recurrence_pattern": "custom", "recurrence_cron": "0 9 * * 1-5""#,
            Some("0 9 * * 1-5"),
        ),
        (
            r#""recurrence_pattern": "custom", "recurrence_cron": "sometimes""#,
            None,
        ),
        (r#""recurrence_pattern": "none""#, None),
        (
            r#""recurrence_pattern": "weekly", "recurrence_count": 1"#,
            None,
        ),
    ] {
        assert_eq!(expr(recurrence).as_deref(), expected, "{recurrence}");
    }
}
