//! How the page and its files are sent.

use super::desk::Desk;
use callsheet::dashboard::{FILES, PAGES, STYLES, is_shared, styles};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_kept_for_ever_and_the_page_is_asked_for_again() {
    let desk = Desk::open().await;
    let get = |path: &str| desk.server.client.get(desk.at(path));
    let page = get("/").send().await.unwrap();
    let header = |answer: &reqwest::Response, name: &str| {
        answer.headers()[name].to_str().unwrap().to_owned()
    };
    assert_eq!(header(&page, "cache-control"), "no-cache");
    let policy = header(&page, "content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = page.text().await.unwrap();
    for path in PAGES.map(|path| path.replace(":id", "any")) {
        assert_eq!(
            get(&path).send().await.unwrap().text().await.unwrap(),
            text,
            "{path} is the same page"
        );
    }
    let hash = text
        .split("/assets/")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    let styles = styles();
    let files = FILES.iter().copied().filter(|(name, _)| !is_shared(name));
    for (name, content) in files.chain([(STYLES, styles.as_str())]) {
        let path = format!("/assets/{hash}/{name}");
        let plain = get(&path).send().await.unwrap();
        assert_eq!(
            (
                plain.status().as_u16(),
                header(&plain, "cache-control").contains("immutable")
            ),
            (200, true),
            "{path}"
        );
        let etag = header(&plain, "etag");
        assert_eq!(plain.text().await.unwrap(), content, "{path}");
        let packed = get(&path)
            .header("accept-encoding", "br, gzip")
            .send()
            .await
            .unwrap();
        assert_eq!(
            (
                header(&packed, "content-encoding").as_str(),
                header(&packed, "vary").as_str()
            ),
            ("gzip", "Accept-Encoding")
        );
        assert_eq!(
            get(&path)
                .header("if-none-match", &etag)
                .send()
                .await
                .unwrap()
                .status(),
            304
        );
    }
    for path in [
        format!("/assets/0000000000000000/{STYLES}"),
        format!("/assets/{hash}/styles/tokens.css"),
        format!("/assets/{hash}/none.js"),
    ] {
        assert_eq!(get(&path).send().await.unwrap().status(), 404, "{path}");
    }
    let post = desk
        .server
        .client
        .post(desk.at("/jobs"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (post.status().as_u16(), header(&post, "allow").as_str()),
        (405, "GET, HEAD")
    );
}
