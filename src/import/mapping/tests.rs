use super::*;
use crate::import::{record::Record, reject::Reject, sources::Context, status::StatusWords};
use entity::{ItemStatus, JobStatus};
use serde_json::json;

fn mapping(entries: &str, job_type: Option<&str>) -> Mapping {
    let job_type = job_type.map(str::to_owned);
    Mapping::new(Format::Json, None, job_type, &[entries.to_owned()]).unwrap()
}

fn read(mapping: &Mapping, record: Value) -> Result<Record, Reject> {
    mapping.read(
        None,
        record.as_object().unwrap().clone(),
        &Context::default(),
    )
}

#[test]
fn named_fields_move_and_the_rest_is_kept() {
    let mapping = mapping(
        "id=job_id, createdAt=created_at,videoUrl=result.video_path,prompt=content,meta.scale=request.scale",
        Some("Upscale"),
    );
    let record = read(
        &mapping,
        json!({
            "id": 7, "createdAt": 1790721403133_i64, "status": "done", "videoUrl": "/v.mp4", "prompt": "a kettle",
            "meta": {"scale": 2, "by": "ann"}, "model": "m", "progress": "40",
        }),
    )
    .unwrap();
    assert_eq!(
        (record.id.as_str(), record.job_type.as_str()),
        ("7", "upscale")
    );
    assert_eq!(record.status, JobStatus::Completed);
    assert_eq!(record.content.as_deref(), Some("a kettle"));
    assert_eq!(record.result.unwrap()["video_path"], "/v.mp4");
    assert_eq!(record.request_data.unwrap()["scale"], 2);
    assert_eq!(record.times.created.timestamp_millis(), 1790721403133);
    assert_eq!(record.progress, Some(40.0));
    let kept = record.legacy.into_context().unwrap();
    assert_eq!(kept["legacy"]["meta"], json!({"by": "ann"}));
    assert_eq!(kept["legacy"]["model"], "m");
}

#[test]
fn a_record_keeps_its_own_type_and_a_missing_one_is_named() {
    let record = |own: Value| json!({"id": 1, "status": "queued", "type": own, "created_at": 5});
    let named = mapping("", Some("upscale"));
    assert_eq!(
        read(&named, record(json!("render"))).unwrap().job_type,
        "render"
    );
    assert_eq!(
        read(&named, record(json!("no type!"))).unwrap().job_type,
        "upscale"
    );
    assert_eq!(
        read(&named, record(json!(null))).unwrap().job_type,
        "upscale"
    );
    let Err(reject) = read(&mapping("", None), record(json!(null))) else {
        panic!("there is no type")
    };
    assert!(reject.detail.contains("--type"), "{reject}");
}

#[test]
fn a_map_that_cannot_be_meant_is_explained() {
    let wrong =
        |entries: &str| Mapping::new(Format::Json, None, None, &[entries.to_owned()]).unwrap_err();
    assert!(wrong("id").contains("THEIRS=OURS"));
    assert!(wrong("url=video").contains("result.NAME"));
    assert!(wrong("job_id=uuid").ends_with("comes first: uuid=job_id"));
    assert!(wrong("a=status,b=status").contains("a and b cannot both be status"));
    assert!(Mapping::new(Format::Json, None, Some("a b".into()), &[]).is_err());
}

#[test]
fn a_field_that_no_record_has_is_told() {
    let mapping = mapping("id=job_id,videourl=result.video_path", Some("x"));
    read(
        &mapping,
        json!({"id": 1, "status": "done", "created_at": 5}),
    )
    .unwrap();
    assert_eq!(
        mapping.unmet(),
        ["no record has `videourl`, which --map names"]
    );
}

#[test]
fn items_are_read_from_lists_and_from_objects() {
    let mapping = mapping("scenes=items", Some("x"));
    let record =
        |scenes: Value| json!({"id": 1, "status": "done", "created_at": 5, "scenes": scenes});
    let items = |scenes: Value| {
        let items = read(&mapping, record(scenes)).unwrap().items;
        items
            .into_iter()
            .map(|item| (item.key, item.status))
            .collect::<Vec<_>>()
    };
    let list = json!([{"id": "a", "status": "finished"}, {"status": "skipped"}, "c"]);
    let wanted = [
        ("a".to_owned(), ItemStatus::Completed),
        ("1".to_owned(), ItemStatus::Skipped),
        ("c".to_owned(), ItemStatus::Pending),
    ];
    assert_eq!(items(list), wanted);
    assert_eq!(
        items(json!({"k": {"status": "error"}})),
        [("k".to_owned(), ItemStatus::Failed)]
    );
    assert!(read(&mapping, record(json!(3))).is_err());
}

#[test]
fn documents_of_mongodb_have_wrapped_ids_and_times() {
    let mapping = mapping("createdAt=created_at", Some("x"));
    let record = json!({
        "_id": {"$oid": "65a1"}, "status": "DONE", "createdAt": {"$date": {"$numberLong": "1767323045123"}},
    });
    let record = read(&mapping, record).unwrap();
    assert_eq!(
        (record.id.as_str(), record.times.created.timestamp()),
        ("65a1", 1767323045)
    );
}

#[test]
fn words_that_the_user_names_count() {
    let mut context = Context::default();
    let mut words = StatusWords::default();
    words.add("preview_ready=processing").unwrap();
    context.words = words;
    let record = json!({"id": 1, "status": "preview_ready", "created_at": 5});
    let read = mapping("", Some("x")).read(None, record.as_object().unwrap().clone(), &context);
    assert_eq!(read.unwrap().status, JobStatus::Processing);
}
