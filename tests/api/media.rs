//! /media/: the files of one folder, and nothing else.

use super::face::{Api, call};
use reqwest::Method;
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const CLIP: &[u8] = b"0123456789";

fn put(api: &Api, name: &str, content: &[u8]) {
    let path = api.media(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[on_sqlite]
async fn a_file_is_sent_with_its_type(api: Api) {
    put(&api, "a/b/clip.mp4", CLIP);
    put(&api, "ein Fuchs 🦊.txt", "é".as_bytes());
    put(&api, "page.html", b"<script>alert(1)</script>");
    put(&api, "...", b"dots");
    let clip = api.get("/media/a/b/clip.mp4").await;
    assert_eq!(
        (clip.status, &*clip.body, clip.header("content-type")),
        (200, CLIP, Some("video/mp4"))
    );
    assert_eq!(clip.header("content-length"), Some("10"));
    assert_eq!(
        api.get("/media/ein%20Fuchs%20%F0%9F%A6%8A.txt")
            .await
            .text(),
        "é"
    );
    assert_eq!(api.get("/media/...").await.text(), "dots");
    let page = api.get("/media/page.html").await;
    assert_eq!(page.header("content-security-policy"), Some("sandbox"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    // A browser that opens a film plays it in a page of its own, which would load nothing in a
    // sandbox.
    put(&api, "film.mp4", CLIP);
    let film = api.get("/media/film.mp4").await;
    assert_eq!(
        film.header("content-security-policy"),
        Some("default-src 'none'; media-src 'self'")
    );
}

#[on_sqlite]
async fn a_range_is_sent_alone(api: Api) {
    put(&api, "clip.mp4", CLIP);
    for (range, content, told) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
        ("bytes=0-", "0123456789", "bytes 0-9/10"),
        ("bytes=0-9", "0123456789", "bytes 0-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
        ("bytes=3-99999999999999999999", "3456789", "bytes 3-9/10"),
    ] {
        let part = api.get_with("/media/clip.mp4", "Range", range).await;
        assert_eq!(
            (part.status, &*part.text(), part.header("content-range")),
            (206, content, Some(told)),
            "{range}"
        );
    }
    assert_eq!(
        api.get("/media/clip.mp4").await.header("accept-ranges"),
        Some("bytes")
    );
    for range in ["", "lines=1-2", "bytes=x", "bytes=4-2", "bytes=0-1,4-5"] {
        let whole = api.get_with("/media/clip.mp4", "Range", range).await;
        assert_eq!((whole.status, &*whole.body), (200, CLIP), "{range}");
    }
}

#[on_sqlite]
async fn policy_and_version_of_a_file_are_the_same_on_every_answer(api: Api) {
    for name in [
        "film.mp4",
        "film.webm",
        "sound.mp3",
        "page.html",
        "frame.png",
        "unnamed",
    ] {
        put(&api, name, CLIP);
        let path = format!("/media/{name}");
        let whole = api.get(&path).await;
        let tag = whole.header("etag").unwrap();
        let part = api.get_with(&path, "Range", "bytes=0-").await;
        let same = api.get_with(&path, "If-None-Match", tag).await;
        let asked = call(api.request(Method::HEAD, &path)).await;
        let statuses = [whole.status, part.status, same.status, asked.status];
        assert_eq!(statuses, [200, 206, 304, 200], "{name}");
        for header in [
            "etag",
            "last-modified",
            "cache-control",
            "content-security-policy",
            "cross-origin-resource-policy",
            "x-content-type-options",
            "accept-ranges",
        ] {
            let value = whole.header(header).expect(header);
            for other in [&part, &same, &asked] {
                assert_eq!(other.header(header), Some(value), "{header} of {name}");
            }
        }
    }
}

#[on_sqlite]
async fn a_range_beyond_the_file_is_refused(api: Api) {
    put(&api, "clip.mp4", CLIP);
    for range in ["bytes=10-", "bytes=10-12", "bytes=99999999999-", "bytes=-0"] {
        let answer = api.get_with("/media/clip.mp4", "Range", range).await;
        answer.problem(416, "range_not_satisfiable");
        assert_eq!(
            answer.header("content-range"),
            Some("bytes */10"),
            "{range}"
        );
    }
}

#[on_sqlite]
async fn head_tells_of_the_file(api: Api) {
    put(&api, "clip.mp4", CLIP);
    let head = call(api.request(Method::HEAD, "/media/clip.mp4")).await;
    head.empty(200);
    assert_eq!(
        (head.header("content-length"), head.header("content-type")),
        (Some("10"), Some("video/mp4"))
    );
    call(api.request(Method::HEAD, "/media/nothing.mp4"))
        .await
        .empty(404);
}

#[on_sqlite]
async fn a_file_is_not_sent_again_unchanged(api: Api) {
    put(&api, "clip.mp4", CLIP);
    let first = api.get("/media/clip.mp4").await;
    let tag = first.header("etag").unwrap();
    api.get_with("/media/clip.mp4", "If-None-Match", tag)
        .await
        .empty(304);
    api.get_with("/media/clip.mp4", "If-Match", "\"other\"")
        .await
        .problem(412, "media_changed");
    let resume = |seen: &str| {
        let request = api
            .request(Method::GET, "/media/clip.mp4")
            .header("Range", "bytes=8-");
        call(request.header("If-Range", seen))
    };
    for seen in [tag, first.header("last-modified").unwrap()] {
        assert_eq!(
            (resume(seen).await.status, &*resume(seen).await.text()),
            (206, "89")
        );
    }
    let whole = resume("\"other\"").await;
    assert_eq!(
        (whole.status, &*whole.body),
        (200, CLIP),
        "parts of two files are not put together"
    );
}

#[on_sqlite]
async fn nothing_outside_of_the_folder_is_sent(api: Api) {
    put(&api, "a/clip.mp4", CLIP);
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), "secret").unwrap();
    let name = outside.path().file_name().unwrap().to_str().unwrap();
    std::os::unix::fs::symlink(outside.path(), api.media("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().parent().unwrap(), api.media("folder")).unwrap();
    std::os::unix::fs::symlink(api.media("a/clip.mp4"), api.media("inner")).unwrap();
    let absolute = outside.path().to_str().unwrap();
    let paths = [
        format!("/media/../{name}"),
        format!("/media/%2e%2e/{name}"),
        format!("/media/%2E%2E%2F{name}"),
        format!("/media/..%2f{name}"),
        format!("/media/a/../../{name}"),
        format!("/media/a/%2e%2e/%2e%2e/{name}"),
        format!("/media/..%5c{name}"),
        format!("/media/%252e%252e/{name}"),
        format!("/media/{absolute}"),
        format!("/media/%2F{}", absolute.trim_start_matches('/')),
        "/media/link".to_owned(),
        format!("/media/folder/{name}"),
        "/media/a/clip.mp4%00".to_owned(),
        "/media/%00".to_owned(),
        "/media/a/./clip.mp4%00.txt".to_owned(),
        "/media/a%5c..%5cclip.mp4".to_owned(),
        format!("/media/{}", "x".repeat(5000)),
    ];
    for path in paths {
        let answer = api.raw_get(&path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(!answer.text().contains("secret"), "{path}");
        let code =
            serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()["code"].clone();
        assert!(
            ["media_not_found", "route_not_found"]
                .iter()
                .any(|expected| code == *expected),
            "{path}: {code}"
        );
    }
    assert_eq!(api.get("/media/inner").await.body, CLIP);
}

/// A folder and a link to another one change places all the time, while the file in it is asked
/// for.
#[on_sqlite]
async fn a_link_that_is_put_into_the_way_meanwhile_leads_nowhere(api: Api) {
    put(&api, "a/clip.mp4", CLIP);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("clip.mp4"), "secret").unwrap();
    std::os::unix::fs::symlink(outside.path(), api.media("link")).unwrap();
    let (folder, link) = (api.media("a"), api.media("link"));
    let over = Arc::new(AtomicBool::new(false));
    let changing = std::thread::spawn({
        let over = over.clone();
        move || {
            while !over.load(Ordering::Relaxed) {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        }
    });
    for _ in 0..1000 {
        let answer = api.get("/media/a/clip.mp4").await;
        let sent = (answer.status, &*answer.body);
        assert!(
            sent == (200, CLIP) || (sent.0 == 404 && !answer.text().contains("secret")),
            "{sent:?}"
        );
    }
    over.store(true, Ordering::Relaxed);
    changing.join().unwrap();
}

#[on_sqlite]
async fn what_is_no_regular_file_is_not_there(api: Api) {
    mknodat(CWD, api.media("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(api.media("socket")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", api.media("zero")).unwrap();
    std::os::unix::fs::symlink("pipe", api.media("to-pipe")).unwrap();
    std::os::unix::fs::symlink("loop", api.media("loop")).unwrap();
    for path in ["pipe", "socket", "zero", "to-pipe", "loop"] {
        api.get(&format!("/media/{path}"))
            .await
            .problem(404, "media_not_found");
    }
}

#[on_sqlite]
async fn folders_are_not_listed(api: Api) {
    put(&api, "a/clip.mp4", CLIP);
    put(&api, "b/index.html", b"an index");
    for path in [
        "/media",
        "/media/",
        "/media/a",
        "/media/a/",
        "/media/b",
        "/media/b/",
        "/media//",
    ] {
        let answer = api.raw_get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            !answer.text().contains("clip.mp4") && !answer.text().contains("an index"),
            "{path}"
        );
    }
}

#[on_sqlite]
async fn files_are_only_read(api: Api) {
    put(&api, "clip.mp4", CLIP);
    for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
        let answer = call(api.request(method, "/media/clip.mp4").body("x")).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    assert_eq!(std::fs::read(api.media("clip.mp4")).unwrap(), CLIP);
}

#[on_sqlite]
async fn without_a_folder_there_is_no_media(api: Api) {
    let none = api.again(|config| config.media_dir = None).await;
    none.get("/media/clip.mp4")
        .await
        .problem(404, "route_not_found");
}
