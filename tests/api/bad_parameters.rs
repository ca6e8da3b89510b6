//! Parameters of lists.

use super::face::{Api, of_job, places};

#[on_both]
async fn a_limit_is_a_number_from_1_to_200(api: Api) {
    let job = api.queued().await;
    let (items, events) = (of_job(&job.id, "/items"), of_job(&job.id, "/events"));
    for path in [
        "/api/v1/jobs",
        "/api/v1/series",
        "/api/v1/episodes",
        &items,
        &events,
    ] {
        for limit in ["0", "-1", "x", "1.5", "", "99999999999999999999"] {
            let problem = api
                .get(&format!("{path}?limit={limit}"))
                .await
                .problem(400, "invalid_request");
            let place = places(&problem).remove(0);
            assert!(place.starts_with("limit "), "{path}?limit={limit}: {place}");
        }
        for limit in [1, 200] {
            api.get(&format!("{path}?limit={limit}")).await.json(200);
        }
        if path == "/api/v1/jobs" {
            continue;
        }
        for limit in ["201", "10000"] {
            let answer = api.get(&format!("{path}?limit={limit}")).await;
            let problem = answer.problem(400, "invalid_request");
            assert!(
                places(&problem).remove(0).starts_with("limit "),
                "{path}?limit={limit}"
            );
        }
    }
}

#[on_both]
async fn a_cursor_is_one_that_a_list_gave(api: Api) {
    for path in ["/api/v1/jobs", "/api/v1/series", "/api/v1/episodes"] {
        for cursor in [
            "x",
            "",
            "1_",
            "_61",
            "1_6",
            "1_zz",
            "1_61_61",
            "%00",
            "%F0%9F%8E%AC",
            "1_%2B1",
        ] {
            refused(&api, path, cursor).await;
        }
        // Before the first time that PostgreSQL has, and behind the last that SQLite sorts.
        for cursor in ["-999999999999999999_61", "253402300800000000_61"] {
            refused(&api, path, cursor).await;
        }
        refused(&api, path, &format!("1_{}", "61".repeat(3000))).await;
        for cursor in ["-62167219200000000_61", "253402300799999999_61"] {
            api.get(&format!("{path}?cursor={cursor}")).await.json(200);
        }
    }
}

async fn refused(api: &Api, path: &str, cursor: &str) {
    let problem = api
        .get(&format!("{path}?cursor={cursor}"))
        .await
        .problem(400, "invalid_request");
    assert_eq!(
        places(&problem),
        ["cursor unknown_cursor"],
        "{path}?cursor={cursor}"
    );
}

#[on_both]
async fn an_offset_is_a_number_from_0(api: Api) {
    for offset in [
        "-1",
        "x",
        "1.5",
        "18446744073709551615",
        "99999999999999999999",
    ] {
        let problem = api
            .get(&format!("/api/v1/jobs?offset={offset}"))
            .await
            .problem(400, "invalid_request");
        assert!(
            places(&problem)[0].starts_with("offset "),
            "{offset}: {problem}"
        );
    }
    let page = api
        .get("/api/v1/jobs?offset=9223372036854775807")
        .await
        .json(200);
    assert_eq!(page["jobs"], serde_json::json!([]));
}

#[on_both]
async fn a_filter_that_cannot_hold_is_named(api: Api) {
    api.queued().await;
    let long = "x".repeat(1001);
    let rows = [
        ("status=running", "status"),
        ("status=", "status"),
        ("order=updated_at", "order"),
        ("label=team", "label"),
        ("label=%20=x", "label"),
        ("label=team=%00", "label"),
        ("created_after=yesterday", "created_after"),
        ("created_before=2026-01-31T12:00:00", "created_before"),
        ("q=%00", "q"),
        ("job_type=%00", "job_type"),
        ("series_id=%00", "series_id"),
        (&format!("q={long}"), "q"),
    ];
    for path in ["/api/v1/jobs", "/api/v1/jobs/counts"] {
        for (query, name) in rows
            .iter()
            .filter(|row| row.1 != "order" || path == "/api/v1/jobs")
        {
            let problem = api
                .get(&format!("{path}?{query}"))
                .await
                .problem(400, "invalid_request");
            assert!(
                places(&problem)[0].starts_with(&format!("{name} ")),
                "{query}: {problem}"
            );
        }
    }
    let problem = api
        .get("/api/v1/jobs?view=tiny")
        .await
        .problem(400, "invalid_request");
    assert!(places(&problem)[0].starts_with("view "), "{problem}");
    assert!(
        problem
            .to_string()
            .contains("Use full, summary or preview."),
        "{problem}"
    );
}
