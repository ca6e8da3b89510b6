use super::*;
use serde_json::json;

fn guessed(record: Value) -> Vec<(String, &'static str)> {
    let record = record.as_object().unwrap().clone();
    let all = guesses([&record]).into_iter();
    all.map(|guess| (guess.field, guess.target)).collect()
}

#[test]
fn names_and_values_tell_what_a_field_means() {
    let found = guessed(json!({
        "id": "vid_1", "prompt": "a kettle", "status": "completed", "createdAt": 1790721403133_i64,
        "videoUrl": "/a.mp4", "completed": true, "output": {"x": 1}, "model": "m",
    }));
    let wanted = [
        ("id", "job_id"),
        ("status", "status"),
        ("createdAt", "created_at"),
        ("prompt", "content"),
        ("videoUrl", "result.video_path"),
    ];
    assert_eq!(
        found,
        wanted.map(|(field, target)| (field.to_owned(), target))
    );
}

#[test]
fn a_job_is_told_from_an_answer_around_it() {
    let job = |record: Value| looks_like_a_job(record.as_object().unwrap());
    assert!(job(json!({"id": 1, "status": "done"})));
    assert!(job(
        json!({"status": "done", "outputPath": "a", "progress": 1})
    ));
    assert!(!job(json!({"status": "ok", "data": []})));
    assert!(!job(json!({"version": 1, "next_id": 4})));
}
