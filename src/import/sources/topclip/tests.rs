use super::*;
use serde_json::json;

fn read(record: Value) -> Record {
    let Value::Object(record) = record else {
        panic!("a record is an object")
    };
    assert_eq!(SourceKind::recognise(&record), Some(SourceKind::Topclip));
    Topclip
        .read(Some("job:a"), record, &Context::default())
        .unwrap()
}

#[test]
fn texts_are_numbers_and_nothing_is_nothing() {
    let record = read(json!({
        "job_id": "a", "status": "error", "progress": "42.5", "clips_count": "0", "user_id": "None",
        "message": "Error: no audio", "created_at": "2025-08-20T01:21:42", "updated_at": "2025-08-20 01:21:43.5",
    }));
    assert_eq!((record.progress, record.total_shots), (Some(42.5), Some(0)));
    assert_eq!(
        (record.status, record.error.as_deref()),
        (JobStatus::Failed, Some("no audio"))
    );
    assert_eq!(record.legacy.into_context(), None);
}

#[test]
fn a_failure_to_start_is_the_jobs() {
    let job_progress = json!({"job_id": "a", "status": "error", "progress": "0", "message": "no worker", "updated_at": "2025-08-20T02:00:00"});
    let job = json!({
        "job_id": "a", "status": "queued", "progress": "0", "clips_count": "0", "job_progress": job_progress,
        "created_at": "2025-08-20T01:21:42", "updated_at": "2025-08-20T01:21:43",
    });
    let record = read(job);
    assert_eq!(
        (record.status, record.error.as_deref()),
        (JobStatus::Failed, Some("no worker"))
    );
    assert_eq!(
        record.times.updated.to_rfc3339(),
        "2025-08-20T02:00:00+00:00"
    );
}
