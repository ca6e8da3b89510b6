//! Names of the server, and pages of other sites: every operation of the document is refused to
//! both alike.

use super::{
    answer::Answer,
    face::{Api, call, least, of_job},
};
use callsheet::api::spec;
use reqwest::Method;
use serde_json::Value;

/// Method and path of every operation, with ids of nothing.
fn operations() -> Vec<(Method, String)> {
    let paths = spec::document()["paths"].as_object().unwrap();
    let operations = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |m| (m, path)));
    operations
        .map(|(method, path)| {
            let parts: Vec<&str> = path
                .split('/')
                .map(|p| if p.starts_with('{') { "0" } else { p })
                .collect();
            (method.to_uppercase().parse().unwrap(), parts.join("/"))
        })
        .collect()
}

/// Paths that are no operations.
const OTHERS: [&str; 6] = [
    "/",
    "/docs",
    "/openapi.json",
    "/media/clip.mp4",
    "/nothing",
    "/health/live",
];

async fn sent(api: &Api, head: &str) -> Answer {
    api.raw(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
}

#[on_sqlite]
async fn a_request_that_calls_the_server_by_a_foreign_name_is_refused_whatever_it_asks_for(
    api: Api,
) {
    let others = OTHERS.map(|path| (Method::GET, path.to_owned()));
    for (method, path) in operations().into_iter().chain(others) {
        let answer = sent(
            &api,
            &format!("{method} {path} HTTP/1.1\r\nHost: evil.example:3001"),
        )
        .await;
        let problem = answer.problem(421, "host_refused");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("--allowed-host evil.example"),
            "{problem}"
        );
    }
    let asked = "OPTIONS /api/v1/jobs HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\
                 Access-Control-Request-Method: POST";
    sent(&api, asked).await.problem(421, "host_refused");
}

#[on_sqlite]
async fn the_authority_of_a_request_is_taken_as_browsers_and_proxies_mean_it(api: Api) {
    for host in [
        "localhost",
        "LOCALHOST:9",
        "127.0.0.1",
        "127.1:80",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[::ffff:7f00:1]:1",
    ] {
        sent(&api, &format!("GET /api/v1/jobs HTTP/1.1\r\nHost: {host}"))
            .await
            .json(200);
        let whole = format!("GET http://{host}/api/v1/jobs HTTP/1.1\r\nHost: evil.example");
        sent(&api, &whole).await.json(200);
    }
    for host in [
        "10.0.0.1",
        "[::2]",
        "0.0.0.0",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "xn--localhost-",
        "a.localhost",
    ] {
        sent(&api, &format!("GET /api/v1/jobs HTTP/1.1\r\nHost: {host}"))
            .await
            .problem(421, "host_refused");
        let whole = format!("GET http://{host}/api/v1/jobs HTTP/1.1\r\nHost: localhost");
        sent(&api, &whole).await.problem(421, "host_refused");
    }
    for head in [
        "GET /api/v1/jobs HTTP/1.1",
        "GET /api/v1/jobs HTTP/1.0",
        "GET http://localhost/api/v1/jobs HTTP/1.1",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nhost: evil.example",
        "GET /api/v1/jobs HTTP/1.1\r\nHost:",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: me@localhost",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost, evil.example",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost:99999",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: http://localhost",
    ] {
        sent(&api, head).await.problem(400, "invalid_request");
    }
    sent(&api, "GET /api/v1/jobs HTTP/1.0\r\nHost: localhost")
        .await
        .json(200);
}

#[on_sqlite]
async fn an_allowed_name_is_taken(api: Api) {
    let named = api
        .again(|config| config.allowed_hosts = vec!["Jobs.example".into(), "10.1.2.3".into()])
        .await;
    for host in [
        "jobs.example",
        "JOBS.EXAMPLE:8443",
        "jobs.example.",
        "10.1.2.3:80",
        "localhost",
    ] {
        sent(
            &named,
            &format!("GET /api/v1/jobs HTTP/1.1\r\nHost: {host}"),
        )
        .await
        .json(200);
    }
    for host in ["a.jobs.example", "jobs.example.evil", "10.1.2.4"] {
        sent(
            &named,
            &format!("GET /api/v1/jobs HTTP/1.1\r\nHost: {host}"),
        )
        .await
        .problem(421, "host_refused");
    }
}

#[on_sqlite]
async fn on_a_wide_address_any_address_is_taken_and_no_name(api: Api) {
    let wide = api
        .again(|config| config.listen = ([0, 0, 0, 0], 3001).into())
        .await;
    for host in ["192.0.2.7:3001", "[2001:db8::7]", "127.0.0.1", "localhost"] {
        sent(&wide, &format!("GET /api/v1/jobs HTTP/1.1\r\nHost: {host}"))
            .await
            .json(200);
    }
    sent(&wide, "GET /api/v1/jobs HTTP/1.1\r\nHost: evil.example")
        .await
        .problem(421, "host_refused");
}

const FOREIGN: [&str; 7] = [
    "Origin: https://evil.example",
    "Origin: null",
    "Origin: http://127.0.0.1:1",
    "Origin: http://localhost:1",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
    "Origin: chrome-extension://abcdefgh",
];

#[on_sqlite]
async fn no_page_of_another_site_changes_anything(api: Api) {
    let job = api.made(least()).await;
    let id = job["job_id"].as_str().unwrap();
    for header in FOREIGN {
        let cancel = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: 0",
            of_job(id, "/cancel")
        );
        api.unchanged(id, sent(&api, &cancel), 403, "origin_refused")
            .await;
    }
    for (method, path) in operations()
        .into_iter()
        .filter(|(method, _)| *method != Method::GET)
    {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{}\r\nContent-Length: 0",
            FOREIGN[0]
        );
        sent(&api, &head).await.problem(403, "origin_refused");
    }
    let twice = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: http://localhost\r\n\
                 Content-Length: 0";
    sent(&api, twice).await.problem(400, "invalid_request");
}

#[on_sqlite]
async fn what_a_foreign_page_reads_is_kept_from_it_by_its_browser(api: Api) {
    for header in FOREIGN {
        let answer = sent(
            &api,
            &format!("GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n{header}"),
        )
        .await;
        answer.json(200);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{header}"
        );
    }
}

#[on_sqlite]
async fn pages_of_this_server_and_of_allowed_origins_and_programs_may_change_things(api: Api) {
    let open = api
        .again(|config| config.cors_origins = vec!["http://localhost:5173".into()])
        .await;
    let own = open.url("");
    for headers in [
        vec![],
        vec![("Origin", own.as_str())],
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "none")],
        vec![
            ("Origin", "http://localhost:5173"),
            ("Sec-Fetch-Site", "same-site"),
        ],
    ] {
        let mut request = open.request(Method::POST, "/api/v1/jobs").json(&least());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        call(request).await.json(201);
    }
    let request = open
        .request(Method::POST, "/api/v1/jobs")
        .json(&least())
        .header("Origin", "http://localhost:5174");
    call(request).await.problem(403, "origin_refused");
}

/// Half of the body is never sent, and the answer comes all the same.
#[on_sqlite]
async fn a_foreign_page_is_refused_before_its_body_is_read(api: Api) {
    let head = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\
                Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{";
    api.raw(head.as_bytes())
        .await
        .problem(403, "origin_refused");
}

#[on_sqlite]
async fn any_origin_is_answered_as_any(api: Api) {
    let anyone = api
        .again(|config| config.cors_origins = vec!["*".into()])
        .await;
    let request = anyone
        .request(Method::POST, "/api/v1/jobs")
        .json(&least())
        .header("Origin", "https://page.example");
    let answer = call(request).await;
    assert_eq!(answer.json(201)["job_type"], Value::from("idea2video"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}
