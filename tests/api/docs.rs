//! The document, the pages that show it, HEAD, and pages of other origins.

use super::{
    answer::Answer,
    face::{Api, Call, call, of_job},
};
use reqwest::Method;

#[on_sqlite]
async fn the_pages_load_nothing_from_another_host(api: Api) {
    for path in ["/docs", "/redoc"] {
        let page = api.get(path).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
        assert_eq!(loads(&page.text()), Vec::<String>::new(), "{path}");
        assert!(
            page.text().contains("\"operationId\":\"create_job\""),
            "{path} shows the document"
        );
    }
}

#[on_sqlite]
async fn the_document_is_the_committed_one(api: Api) {
    for (path, content_type) in [
        ("/openapi.json", "application/json"),
        ("/openapi.yaml", "application/yaml"),
        ("/openapi-3.0.json", "application/json"),
    ] {
        let answer = api.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(content_type))
        );
        let committed = format!("{}/openapi{path}", env!("CARGO_MANIFEST_DIR"));
        assert!(
            answer.text() == std::fs::read_to_string(committed).unwrap(),
            "{path} is another document"
        );
    }
}

#[on_sqlite]
async fn documents_and_pages_are_compressed_and_not_sent_again_unchanged(api: Api) {
    for path in [
        "/openapi.json",
        "/openapi.yaml",
        "/openapi-3.0.json",
        "/docs",
        "/redoc",
        "/problems/job_not_found",
    ] {
        let plain = api.get(path).await;
        let packed = api.get_with(path, "Accept-Encoding", "gzip, br").await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("vary"), Some("Accept-Encoding"), "{path}");
        assert!(packed.body.len() < plain.body.len(), "{path}");
        let tag = plain.header("etag").expect(path);
        assert_eq!(packed.header("etag"), Some(tag));
        api.get_with(path, "If-None-Match", tag).await.empty(304);
    }
}

#[on_sqlite]
async fn head_answers_as_get_without_a_body(api: Api) {
    let job = api.queued().await;
    let (one, items) = (of_job(&job.id, ""), of_job(&job.id, "/items"));
    for path in [
        "/api/v1/jobs",
        &one,
        &items,
        "/api/v1/jobs/counts",
        "/health",
        "/docs",
        "/openapi.json",
        "/problems/overloaded",
    ] {
        let (get, head) = (
            api.get(path).await,
            call(api.request(Method::HEAD, path)).await,
        );
        head.empty(200);
        for name in ["content-type", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
    let missing = call(api.request(Method::HEAD, &of_job("nobody", ""))).await;
    missing.empty(404);
}

fn from(api: &Api, method: Method, origin: &str) -> Call {
    let request = api.request(method, "/api/v1/jobs").header("Origin", origin);
    call(request.header("Access-Control-Request-Method", "POST"))
}

fn allowed(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.keys().map(|name| name.as_str());
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

#[on_sqlite]
async fn no_other_origin_is_let_in_unless_configured(api: Api) {
    for method in [Method::GET, Method::OPTIONS] {
        let answer = from(&api, method, "http://localhost:5173").await;
        assert_eq!(allowed(&answer), Vec::<&str>::new());
    }
}

#[on_sqlite]
async fn configured_origins_are_let_in(api: Api) {
    let open = api
        .again(|config| config.cors_origins = vec!["http://localhost:5173".into()])
        .await;
    let answer = from(&open, Method::GET, "http://localhost:5173").await;
    answer.json(200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let exposed = answer
        .header("access-control-expose-headers")
        .unwrap()
        .to_lowercase();
    for name in ["etag", "location", "x-request-id", "retry-after"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    let asked = from(&open, Method::OPTIONS, "http://localhost:5173").await;
    assert_eq!(
        asked.header("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    assert!((200..300).contains(&asked.status), "{}", asked.text());
    open.get("/api/v1/jobs").await.json(200);
    let stranger = from(&open, Method::GET, "http://evil.example").await;
    assert_eq!(stranger.header("access-control-allow-origin"), None);
    let anyone = api
        .again(|config| config.cors_origins = vec!["*".into()])
        .await;
    from(&anyone, Method::GET, "http://anyone.example")
        .await
        .json(200);
}

/// What a browser would fetch from another host when it shows the page: attributes and styles
/// outside of scripts, and what scripts say of font and script hosts.
fn loads(page: &str) -> Vec<String> {
    let mut parts = page.split("<script");
    let mut outside = parts.next().unwrap_or_default().to_owned();
    for script in parts {
        let (tag, rest) = script.split_once('>').unwrap_or((script, ""));
        outside.push_str(tag);
        outside.push_str(rest.split_once("</script>").unwrap_or_default().1);
    }
    let marks = [
        "src=\"http",
        "src=\"//",
        "src='http",
        "href=\"http",
        "href=\"//",
        "href='http",
        "url(http",
        "url(\"http",
        "url(//",
        "@import",
    ];
    let found = marks
        .iter()
        .filter(|mark| outside.contains(**mark))
        .map(|mark| (*mark).to_owned());
    let hosts = [
        "fonts.googleapis",
        "fonts.gstatic",
        "//cdn.",
        "cdnjs",
        "unpkg.com",
        "jsdelivr",
    ];
    found
        .chain(
            hosts
                .iter()
                .filter(|host| page.contains(**host))
                .map(|host| (*host).to_owned()),
        )
        .collect()
}

#[test]
fn a_page_that_loads_is_found_out() {
    assert_eq!(loads("<a href=\"https://x\">"), ["href=\"http"]);
    assert_eq!(loads("<script src=\"//x\"></script>"), ["src=\"//"]);
    assert_eq!(
        loads("<style>@import 'x'</style><script>let a = 'href=\"http://x'</script>"),
        ["@import"]
    );
    assert_eq!(loads("<script>'//cdn.x'</script><b>"), ["//cdn."]);
}
