use super::*;
use serde_json::json;

#[test]
fn a_record_is_of_one_store_at_most() {
    let shapes = [
        (
            SourceKind::VedoJobs,
            json!({"job_id": "a", "type": "idea2video", "status": "queued", "request": {}, "shots": []}),
        ),
        (
            SourceKind::VedoPipeline,
            json!({"job_id": "a", "pipeline_type": "idea2video", "status": "x", "request_data": {}}),
        ),
        (
            SourceKind::VedoCache,
            json!({"job_id": "a", "mode": "idea", "status": "queued", "content": "c"}),
        ),
        (
            SourceKind::VedoTable,
            json!({"id": "a", "job_type": "x", "mode": "idea", "status": "queued", "result_data": null}),
        ),
        (
            SourceKind::Web2img,
            json!({"job_id": "a", "items": {}, "config": {}, "status": "pending", "priority": "low"}),
        ),
        (
            SourceKind::Topclip,
            json!({"job_id": "a", "status": "queued", "progress": "0", "clips_count": "0", "plan": "free"}),
        ),
        (
            SourceKind::Comic,
            json!({"job_id": "a", "status": "queued", "total_items": 1, "processed_items": 0, "results": [], "created_at": 1.5}),
        ),
        (
            SourceKind::Draftmaker,
            json!({"job_id": "a", "status": "pending", "gcs_path": "gs://a", "results": []}),
        ),
        (
            SourceKind::Draftmaker,
            json!({"job_id": "a", "status": "pending", "type": "x", "total_items": 1, "processed_items": 0, "successful_items": 0, "error_log": []}),
        ),
    ];
    for (kind, shape) in shapes {
        let record = shape.as_object().unwrap();
        let kinds: Vec<_> = SourceKind::ALL
            .into_iter()
            .filter(|kind| kind.source().recognises(record))
            .collect();
        assert_eq!(kinds, [kind], "{shape}");
    }
}

#[test]
fn a_record_of_another_program_is_of_none() {
    for record in [
        json!({"job_id": "x", "mode": "txt2img", "status": "completed", "prompt": "red kettle"}),
        json!({"job_id": "x", "mode": "turbo", "status": "completed"}),
        json!({"id": 1, "type": "upscale", "status": "running", "current_step": "Upload"}),
        json!({"id": 1, "status": "running", "current_step": "Upload"}),
        json!({"id": 1, "status": "pending", "youtube_url": "https://video.example/a"}),
        json!({"id": 1, "type": "resize", "status": "done", "total_items": 9, "processed_items": 3}),
        json!({"id": 1, "job_type": "animation", "status": "done", "input_data": {}, "result_data": {}}),
        json!({"id": 1, "status": "done", "gcs_path": "gs://b/out.mp4"}),
        json!({"id": 1, "type": "render", "status": "done", "working_dir": "/tmp/x"}),
        json!({"id": 1, "type": "render", "status": "done", "request": {"frames": 3}}),
        json!({"id": 1, "type": "batch", "status": "done", "items": [{"id": 1, "status": "ok"}]}),
        json!({"id": 1, "status": "done", "items": [{"id": 1, "status": "ok", "weight": 3}]}),
        json!({"id": 1, "status": "done", "items": ["a"]}),
        json!({"id": 1, "status": "done", "pipeline_type": "etl"}),
    ] {
        assert_eq!(
            SourceKind::recognise(record.as_object().unwrap()),
            None,
            "{record}"
        );
    }
}

#[test]
fn a_name_leads_back_to_its_source() {
    for kind in SourceKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    assert!(
        "vedo"
            .parse::<SourceKind>()
            .unwrap_err()
            .contains("vedo-jobs, vedo-pipeline, vedo-cache")
    );
}
