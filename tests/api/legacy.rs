//! Reading, listing and deleting jobs and shots as older clients do it.

use super::face::{Api, of_job, places, without_shots};
use serde_json::{Value, json};

#[on_both]
async fn a_job_has_what_older_clients_read(api: Api) {
    let shot = json!({"visual_desc": "A platform at night", "camera_idx": 2, "scene_idx": 1});
    let made = api
        .made(json!({"job_type": "idea2video", "items": [{"key": "0", "input": shot}]}))
        .await;
    let job = api.job(made["job_id"].as_str().unwrap()).await;
    assert_eq!(without_shots(job.clone()), made);
    assert_eq!(
        (&job["status"], &job["progress"]),
        (&"queued".into(), &0.0.into())
    );
    for name in ["current_stage", "result", "error"] {
        assert_eq!(job.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(job["created_at"], job["updated_at"]);
    assert!(job["working_dir"].is_string());
    assert_eq!(
        (&job["total_shots"], &job["completed_shots"]),
        (&1.into(), &0.into())
    );
    assert_eq!(
        job["shots"],
        json!([{
            "shot_idx": 0, "status": "pending", "first_frame_path": null, "last_frame_path": null, "video_path": null,
            "poster_path": null, "seconds": null,
            "description": null, "visual_desc": "A platform at night", "motion_desc": null, "audio_desc": null,
            "camera_idx": 2, "variation_type": null, "error": null, "scene_idx": 1,
        }])
    );
    for never in [
        "lease_token",
        "idempotency_key",
        "idempotency_fingerprint",
        "id",
        "result_data",
    ] {
        assert_eq!(job.get(never), None, "{never}");
    }
}

#[on_both]
async fn a_list_has_type_and_request_and_counts_its_pages(api: Api) {
    for number in 0..3 {
        api.clock.advance(chrono::TimeDelta::seconds(1));
        api.made(json!({"job_type": "script2video", "request_data": {"number": number}}))
            .await;
    }
    let page = api.get("/api/v1/jobs?limit=2&offset=0").await.json(200);
    let numbers: Vec<_> = page["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["request"]["number"])
        .collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    for job in page["jobs"].as_array().unwrap() {
        assert_eq!(
            (&job["type"], &job["request"]),
            (&"script2video".into(), &job["request_data"])
        );
        assert_eq!(job["type"], job["job_type"]);
    }
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let expected = json!({"total": 3, "total_exact": true, "limit": 2, "offset": 0, "has_more": true, "next_cursor": cursor});
    assert_eq!(page["pagination"], expected);

    let rest = api.get("/api/v1/jobs?limit=2&offset=2").await.json(200);
    assert_eq!(rest["jobs"].as_array().unwrap().len(), 1);
    let expected = json!({"total": 3, "total_exact": true, "limit": 2, "offset": 2, "has_more": false, "next_cursor": null});
    assert_eq!(rest["pagination"], expected);
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["limit"],
        50
    );
}

#[on_both]
async fn either_name_of_the_video_is_found(api: Api) {
    for (given, other) in [
        ("video_path", "final_video_path"),
        ("final_video_path", "video_path"),
    ] {
        let job = api.started().await;
        let done = api
            .post(
                &of_job(&job.id, "/complete"),
                json!({"result": {given: "/media/a.mp4"}}),
            )
            .await
            .json(200);
        let listed = &api
            .get("/api/v1/jobs?limit=1&order=-created_at")
            .await
            .json(200)["jobs"][0];
        for job in [&done, &api.job(&job.id).await, listed] {
            assert_eq!(
                job["result"],
                json!({given: "/media/a.mp4", other: "/media/a.mp4"})
            );
        }
    }
}

#[on_both]
async fn a_deleted_job_is_gone(api: Api) {
    let job = api.with_items(&["0"]).await;
    let answer = api.delete(&of_job(&job.id, "")).await.json(200);
    assert_eq!(answer["job_id"], job.id);
    assert!(answer["message"].is_string());
    assert_eq!(answer.as_object().unwrap().len(), 2);
    api.get(&of_job(&job.id, ""))
        .await
        .problem(404, "job_not_found");
    api.delete(&of_job(&job.id, ""))
        .await
        .problem(404, "job_not_found");
}

#[on_both]
async fn what_is_missing_answers_job_not_found(api: Api) {
    for rest in ["", "/shots", "/items", "/events"] {
        let problem = api
            .get(&of_job("nobody", rest))
            .await
            .problem(404, "job_not_found");
        assert_eq!(problem["detail"], "Job not found");
    }
    let edit = api
        .put(&of_job("nobody", "/shots/0"), json!({"visual_desc": "x"}))
        .await;
    assert_eq!(
        edit.problem(404, "job_not_found")["detail"],
        "Job not found"
    );
    let deleted = api.delete(&of_job("nobody", "")).await;
    assert_eq!(
        deleted.problem(404, "job_not_found")["detail"],
        "Job not found"
    );
}

#[on_both]
async fn shots_are_read_and_described(api: Api) {
    let job = api.with_items(&["0", "1"]).await;
    let path = of_job(&job.id, "/shots/1");
    let answer = api
        .put(
            &path,
            json!({"motion_desc": "dolly in", "audio_desc": "wind"}),
        )
        .await
        .json(200);
    assert!(answer["message"].is_string());
    assert_eq!(
        (&answer["job_id"], &answer["shot_idx"]),
        (&job.id.into(), &1.into())
    );
    assert_eq!(
        answer["updated_fields"],
        json!(["motion_desc", "audio_desc"])
    );
    let id = answer["job_id"].as_str().unwrap();
    let list = api.get(&of_job(id, "/shots")).await.json(200);
    assert_eq!(
        (&list["job_id"], &list["total_shots"]),
        (&answer["job_id"], &2.into())
    );
    let shot = &list["shots"][1];
    assert_eq!(
        (&shot["motion_desc"], &shot["audio_desc"]),
        (&"dolly in".into(), &"wind".into())
    );
    assert_eq!(shot["visual_desc"], Value::Null);
    assert_eq!(api.job(id).await["shots"], list["shots"]);

    let nul = api
        .unchanged(
            id,
            api.put(&path, json!({"visual_desc": "\0"})),
            400,
            "invalid_request",
        )
        .await;
    assert_eq!(places(&nul), ["/visual_desc nul_character"]);
}

#[on_both]
async fn a_shot_that_is_not_there_is_not_found(api: Api) {
    let job = api.with_items(&["0"]).await;
    for (shot, status, code) in [
        ("7", 404, "shot_not_found"),
        ("-1", 404, "shot_not_found"),
        ("x", 400, "invalid_request"),
    ] {
        let edit = api.put(
            &of_job(&job.id, &format!("/shots/{shot}")),
            json!({"visual_desc": "x"}),
        );
        api.unchanged(&job.id, edit, status, code).await;
    }
}

#[on_both]
async fn fields_that_an_older_service_ignored_are_ignored(api: Api) {
    let extra =
        json!({"idea": "A fox rides the night train", "nope": 1, "style": "Noir", "x": {"y": []}});
    let answer = api
        .post("/api/v1/generate/idea2video", extra)
        .await
        .json(200);
    let job = api.job(answer["job_id"].as_str().unwrap()).await;
    assert_eq!(job["style"], "Noir");
    assert_eq!(job["request_data"].get("nope"), None);
    let script = json!({"script": "x".repeat(50), "quality": "high"});
    api.post("/api/v1/generate/script2video", script)
        .await
        .json(200);
    let shots = api.with_items(&["0"]).await;
    let edit = json!({"visual_desc": "Rain", "nope": true});
    let edited = api
        .put(&of_job(&shots.id, "/shots/0"), edit)
        .await
        .json(200);
    assert_eq!(edited["updated_fields"], json!(["visual_desc"]));
}

#[on_sqlite]
async fn older_lists_take_any_limit_that_the_document_has(api: Api) {
    for list in ["/api/v1/direct-pipeline/jobs", "/api/v1/videos/jobs"] {
        let at = |limit: u64| format!("{list}?limit={limit}");
        api.get(&at(i64::MAX as u64)).await.json(200);
        let refused = api.get(&at(1 << 63)).await.problem(400, "invalid_request");
        assert_eq!(refused["errors"][0]["parameter"], "limit");
    }
}
