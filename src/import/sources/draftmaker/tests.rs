use super::*;
use serde_json::json;

fn read(record: Value, zone: Tz) -> Record {
    let Value::Object(record) = record else {
        panic!("a record is an object")
    };
    assert_eq!(SourceKind::recognise(&record), Some(SourceKind::Draftmaker));
    Draftmaker
        .read(
            None,
            record,
            &Context {
                zone,
                ..Context::default()
            },
        )
        .unwrap()
}

#[test]
fn a_run_without_success_is_failed() {
    let record = read(
        json!({
            "job_id": "b", "status": "completed", "gcs_path": "gs://a/b", "total_upcs": 0,
            "results": {"success": false, "error": "No valid UPCs", "processed": 0},
            "created_at": "2025-08-26 11:16:22+00:00", "updated_at": {"_seconds": 1756217564, "_nanoseconds": 640344000},
        }),
        Tz::UTC,
    );
    assert_eq!(
        (record.status, record.error.as_deref()),
        (JobStatus::Failed, Some("No valid UPCs"))
    );
    assert_eq!(
        record.times.updated.to_rfc3339(),
        "2025-08-26T14:12:44.640344+00:00"
    );
}

#[test]
fn the_older_dict_has_local_times_and_other_names() {
    let record = read(
        json!({
            "job_id": "batch_20250801_000000_0", "status": "running", "gcs_path": "gs://a/b", "total_upcs": 4,
            "successful": 2, "failed": 1, "started_at": "2025-08-01T00:00:00", "completed_at": null, "results": null,
        }),
        chrono_tz::America::New_York,
    );
    assert_eq!(
        record.times.created.to_rfc3339(),
        "2025-08-01T04:00:00+00:00"
    );
    assert_eq!(
        (record.completed_shots, record.total_shots),
        (Some(2), Some(4))
    );
}
