//! Values out of their range, of a wrong type, or of fields that are not there: refused by name,
//! and nothing changes.

use super::face::{Api, least, of_job, places};
use serde_json::{Value, json};

#[on_both]
async fn progress_is_a_number_from_0_to_100(api: Api) {
    let id = api.started().await.id;
    let rows = [
        (json!(-1), "out_of_range"),
        (json!(101), "out_of_range"),
        (json!(-0.000001), "out_of_range"),
        (json!(1e300), "out_of_range"),
        (json!("50"), "wrong_type"),
        (json!(null), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!([50]), "wrong_type"),
    ];
    for (progress, code) in rows {
        for (method, rest) in [
            (reqwest::Method::PUT, "/progress"),
            (reqwest::Method::PATCH, ""),
        ] {
            let call = api.send(method, &of_job(&id, rest), json!({"progress": progress}));
            let problem = api.unchanged(&id, call, 400, "invalid_request").await;
            assert_eq!(
                places(&problem),
                [format!("/progress {code}")],
                "{progress}"
            );
        }
    }
    for token in ["NaN", "Infinity", "-Infinity", "1e999", "050"] {
        let body = format!(r#"{{"progress": {token}}}"#);
        let call = api.send_text(
            reqwest::Method::PUT,
            &of_job(&id, "/progress"),
            "application/json",
            body,
        );
        api.unchanged(&id, call, 400, "malformed_body").await;
    }
}

/// Documents of 121 levels, and of a name that the parser of the stored text would take for a
/// command.
#[on_both]
async fn a_document_that_could_not_be_read_back_is_refused_wherever_it_comes_in(api: Api) {
    let id = api.started().await.id;
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    let named = r#"{"a": [{"\u0024serde_json::private::RawValue": "[1]"}]}"#;
    for (document, code) in [(&*deep, "nested_too_deep"), (named, "name_reserved")] {
        let calls = [
            (
                reqwest::Method::POST,
                "/api/v1/jobs".to_owned(),
                r#"{"job_type": "t", "request_data": DOC}"#,
            ),
            (
                reqwest::Method::PATCH,
                of_job(&id, ""),
                r#"{"context": {"a": DOC}}"#,
            ),
            (
                reqwest::Method::PATCH,
                of_job(&id, "/items"),
                r#"{"items": [{"key": "a", "result": DOC}]}"#,
            ),
            (
                reqwest::Method::POST,
                of_job(&id, "/complete"),
                r#"{"result": {"a": DOC}}"#,
            ),
            (
                reqwest::Method::POST,
                "/api/v1/schedules".to_owned(),
                r#"{"kind": "every", "expr": "1h", "template": {"job_type": "t", "context": {"a": DOC}}}"#,
            ),
        ];
        for (method, path, body) in calls {
            let body = body.replace("DOC", document);
            let call = api.send_text(method, &path, "application/json", body);
            let problem = api.unchanged(&id, call, 400, "invalid_request").await;
            assert!(places(&problem)[0].ends_with(code), "{path}: {problem}");
        }
    }
}

#[on_both]
async fn more_shots_than_there_are_are_refused(api: Api) {
    let id = api.started().await.id;
    let both = json!({"total_shots": 2, "completed_shots": 3});
    for call in [
        api.put(&of_job(&id, "/shots"), both.clone()).await,
        api.patch(&of_job(&id, ""), both).await,
    ] {
        assert_eq!(
            places(&call.problem(400, "invalid_request")),
            ["/completed_shots exceeds_total"]
        );
    }
    api.put(
        &of_job(&id, "/shots"),
        json!({"total_shots": 2, "completed_shots": 1}),
    )
    .await
    .json(200);
    let call = api.put(&of_job(&id, "/shots"), json!({"completed_shots": 3}));
    let problem = api.unchanged(&id, call, 409, "shots_exceed_total").await;
    assert_eq!(places(&problem), ["/completed_shots exceeds_total"]);
    for shots in [json!(-1), json!(2_147_483_648_u32), json!(1e30)] {
        let problem = api.unchanged(
            &id,
            api.put(&of_job(&id, "/shots"), json!({"total_shots": shots})),
            400,
            "invalid_request",
        );
        assert_eq!(
            places(&problem.await),
            ["/total_shots out_of_range"],
            "{shots}"
        );
    }
}

#[on_both]
async fn a_field_that_is_not_there_is_named(api: Api) {
    let id = api.started().await.id;
    let rows = [
        (json!({"job_type": "a", "nope": 1}), "/nope"),
        (json!({"job_type": "a", "status": "completed"}), "/status"),
        (json!({"job_type": "a", "a/b~c": 1}), "/a~1b~0c"),
        (
            json!({"job_type": "a", "items": [{"key": "0", "nope": 1}]}),
            "/items/0/nope",
        ),
    ];
    for (body, pointer) in rows {
        let problem = api
            .post("/api/v1/jobs", body)
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [format!("{pointer} unknown_field")]);
    }
    for (rest, body) in [
        ("/start", json!({"nope": 1})),
        ("/complete", json!({"nope": 1})),
        ("/cancel", json!({"nope": 1})),
    ] {
        let problem = api
            .unchanged(
                &id,
                api.post(&of_job(&id, rest), body),
                400,
                "invalid_request",
            )
            .await;
        assert_eq!(places(&problem), ["/nope unknown_field"]);
    }
    let problem = api
        .unchanged(
            &id,
            api.patch(&of_job(&id, ""), json!({"version": 7})),
            400,
            "invalid_request",
        )
        .await;
    assert_eq!(places(&problem), ["/version unknown_field"]);
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        1
    );
}

#[on_both]
async fn a_value_of_a_wrong_type_is_named(api: Api) {
    let rows = [
        ("job_type", json!(5), "wrong_type"),
        ("job_type", json!(null), "wrong_type"),
        ("content", json!(["x"]), "wrong_type"),
        ("style", json!(true), "wrong_type"),
        ("request_data", json!("{}"), "wrong_type"),
        ("context", json!([]), "wrong_type"),
        ("priority", json!("5"), "wrong_type"),
        ("priority", json!(1.5), "wrong_type"),
        ("priority", json!(101), "out_of_range"),
        ("max_attempts", json!(0), "out_of_range"),
        ("run_at", json!("tomorrow"), "invalid_format"),
        ("run_at", json!("2026-01-31T12:00:00"), "invalid_format"),
        ("run_at", json!(1_767_225_600), "wrong_type"),
        ("labels", json!([]), "wrong_type"),
        ("items", json!({}), "wrong_type"),
        ("style", json!("x".repeat(256)), "too_long"),
        ("mode", json!("x".repeat(21)), "too_long"),
    ];
    for (field, value, code) in rows {
        let mut body = least();
        body[field] = value;
        let problem = api
            .post("/api/v1/jobs", body.clone())
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [format!("/{field} {code}")], "{body}");
    }
    let problem = api
        .post(
            "/api/v1/jobs",
            json!({"job_type": "a", "labels": {"team": 5}}),
        )
        .await;
    assert_eq!(
        places(&problem.problem(400, "invalid_request")),
        ["/labels/team wrong_type"]
    );
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        0
    );
}

#[on_both]
async fn a_body_that_is_no_object_is_refused(api: Api) {
    let id = api.started().await.id;
    for body in [
        json!([]),
        json!("x"),
        json!(null),
        json!(5),
        json!([least()]),
    ] {
        let problem = api
            .post("/api/v1/jobs", body.clone())
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [" wrong_type"]);
        for rest in ["/start", "/fail", "/cancel"] {
            let call = api.post(&of_job(&id, rest), body.clone());
            assert_eq!(
                places(&api.unchanged(&id, call, 400, "invalid_request").await),
                [" wrong_type"]
            );
        }
    }
}

#[on_both]
async fn all_that_is_wrong_is_told_at_once(api: Api) {
    let body = json!({"priority": 500, "style": 7, "nope": 1, "labels": {"a b": "x"}});
    let problem = api
        .post("/api/v1/jobs", body)
        .await
        .problem(400, "invalid_request");
    let mut told = places(&problem);
    told.sort();
    let expected = [
        "/job_type required",
        "/labels invalid_name",
        "/nope unknown_field",
        "/priority out_of_range",
        "/style wrong_type",
    ];
    assert_eq!(told, expected);
}

#[on_both]
async fn a_parent_that_is_not_there_is_named(api: Api) {
    let id = api.queued().await.id;
    for (field, code) in [
        ("episode_id", "episode_not_found"),
        ("series_id", "series_not_found"),
    ] {
        for parent in ["nobody", "0199d3a0-11aa-7000-8000-5a6b7c8d9e0f", ""] {
            let problem = api
                .post("/api/v1/jobs", json!({"job_type": "a", field: parent}))
                .await
                .problem(404, code);
            assert_eq!(places(&problem), [format!("/{field} unknown_reference")]);
            let call = api.patch(&of_job(&id, ""), json!({field: parent, "style": "Noir"}));
            assert_eq!(
                places(&api.unchanged(&id, call, 404, code).await),
                [format!("/{field} unknown_reference")]
            );
        }
    }
    let problem = api
        .post("/api/v1/episodes", json!({"series_id": "nobody"}))
        .await
        .problem(404, "series_not_found");
    assert_eq!(places(&problem), ["/series_id unknown_reference"]);
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        1
    );
}

#[on_both]
async fn items_are_checked_one_by_one(api: Api) {
    let job = api.with_items(&["0", "1"]).await;
    let id = api.start(&job.id).await.id;
    let done = || json!({"key": "0", "status": "completed"});
    let rows: [(Value, u16, &str, &str); 9] = [
        (
            json!([done(), {"key": "1", "status": "done"}]),
            400,
            "invalid_request",
            "/items/1/status unknown_value",
        ),
        (
            json!([done(), {"status": "completed"}]),
            400,
            "invalid_request",
            "/items/1 nothing_given",
        ),
        (
            json!([done(), {"key": "1"}]),
            400,
            "invalid_request",
            "/items/1/status required",
        ),
        (
            json!([done(), {"idx": -1, "status": "failed"}]),
            400,
            "invalid_request",
            "/items/1/idx out_of_range",
        ),
        (
            json!([done(), done()]),
            400,
            "invalid_request",
            "/items duplicate_key",
        ),
        (
            json!([done(), {"key": "0", "status": "failed"}]),
            409,
            "item_conflict",
            "/items/1 duplicate_key",
        ),
        (
            json!([done(), {"idx": 1, "key": "0", "status": "failed"}]),
            409,
            "item_conflict",
            "/items/1/key key_mismatch",
        ),
        (json!([]), 400, "invalid_request", "/items too_few"),
        (json!(done()), 400, "invalid_request", "/items wrong_type"),
    ];
    for (items, status, code, place) in rows {
        let call = api.patch(&of_job(&id, "/items"), json!({"items": items}));
        assert_eq!(
            places(&api.unchanged(&id, call, status, code).await),
            [place],
            "{items}"
        );
    }
    let call = api.patch(
        &of_job(&id, "/items"),
        json!({"items": [done(), {"idx": 7, "status": "failed"}]}),
    );
    api.unchanged(&id, call, 404, "item_not_found").await;
}

#[on_both]
async fn an_empty_report_is_refused(api: Api) {
    let id = api.started().await.id;
    for rest in ["/progress", "/shots"] {
        let problem = api
            .unchanged(
                &id,
                api.put(&of_job(&id, rest), json!({})),
                400,
                "invalid_request",
            )
            .await;
        assert_eq!(places(&problem).len(), 1, "{problem}");
    }
}
