//! Query parameters that a call does not take, and those that stand twice.

use super::face::{Api, call, of_job, places};
use callsheet::api::spec;
use reqwest::Method;
use serde_json::json;

#[on_both]
async fn a_misspelt_parameter_is_refused_with_the_nearest_name_and_changes_nothing(api: Api) {
    for id in ["one", "two"] {
        api.made(json!({"job_type": "a", "job_id": id, "client_id": "ann"}))
            .await;
    }
    let answer = api
        .delete("/api/v1/active-jobs?client_id=ann&jobid=one")
        .await;
    let problem = answer.problem(400, "unknown_parameter");
    assert_eq!(places(&problem), ["jobid unknown_parameter"]);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("Did you mean job_id?"), "{detail}");
    let left = api.get("/api/v1/active-jobs?client_id=ann").await.json(200);
    assert_eq!(left["active_jobs"].as_array().unwrap().len(), 2);
    for (query, place, near) in [
        ("staus=failed", "staus", "status"),
        ("jobType=a", "jobType", "job_type"),
        ("created-after=x", "created-after", "created_after"),
    ] {
        let answer = api.get(&format!("/api/v1/jobs?{query}")).await;
        let problem = answer.problem(400, "unknown_parameter");
        assert_eq!(places(&problem), [format!("{place} unknown_parameter")]);
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(&format!("Did you mean {near}?")),
            "{detail}"
        );
    }
    let far = api.get("/api/v1/jobs?client_id=ann").await;
    let detail = far.problem(400, "unknown_parameter")["detail"].to_string();
    assert!(
        detail.contains("This call takes status, job_type"),
        "{detail}"
    );
}

#[on_sqlite]
async fn a_single_parameter_that_stands_twice_is_refused_and_a_list_is_not(api: Api) {
    for query in [
        "status=failed&status=queued",
        "limit=1&limit=1",
        "status=failed&stat%75s=queued",
    ] {
        let answer = api.get(&format!("/api/v1/jobs?{query}")).await;
        let problem = answer.problem(400, "unknown_parameter");
        let name = query.split('=').next().unwrap();
        assert_eq!(places(&problem), [format!("{name} repeated_parameter")]);
    }
    api.get("/api/v1/jobs?label=a=1&label=b=2").await.json(200);
    let twice = api.get("/api/v1/jobs?x=1&x=2&y=3&limit=1&limit=2").await;
    let problem = twice.problem(400, "unknown_parameter");
    assert_eq!(
        places(&problem),
        [
            "x unknown_parameter",
            "y unknown_parameter",
            "limit repeated_parameter"
        ]
    );
}

#[on_sqlite]
async fn every_operation_refuses_a_parameter_that_it_does_not_take(api: Api) {
    let mut tried = 0;
    for (path, item) in spec::document()["paths"].as_object().unwrap() {
        let path = path.replace("{shot_idx}", "0").replace(['{', '}'], "");
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = call(api.request(method.clone(), &format!("{path}?surprise=1"))).await;
            let problem = answer.problem(400, "unknown_parameter");
            assert_eq!(
                places(&problem),
                ["surprise unknown_parameter"],
                "{method} {path}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 60, "{tried}");
    let head = call(api.request(Method::HEAD, "/api/v1/jobs?surprise=1")).await;
    head.empty(400);
    for path in ["/api/v1/jobs/?surprise=1", "/api/v1//jobs?surprise=1"] {
        api.raw_get(path).await.problem(400, "unknown_parameter");
    }
}

#[on_sqlite]
async fn pages_and_files_take_any_parameter_and_unknown_paths_stay_unknown(api: Api) {
    std::fs::write(api.media("clip.mp4"), "0123456789").unwrap();
    for path in [
        "/",
        "/jobs?surprise=1",
        "/docs?a",
        "/openapi.json?v=2",
        "/media/clip.mp4?t=1",
    ] {
        assert_eq!(api.get(path).await.status, 200, "{path}");
    }
    api.get("/api/v1/nothing?surprise=1")
        .await
        .problem(404, "route_not_found");
    let job = api.queued().await;
    let put = call(api.request(Method::PUT, &of_job(&job.id, "?surprise=1"))).await;
    put.problem(405, "method_not_allowed");
    api.get("/api/v1/jobs?").await.json(200);
    api.get("/api/v1/jobs?&&").await.json(200);
}
