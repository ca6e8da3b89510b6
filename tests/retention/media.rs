//! Files in the media folder that go with the jobs that retention deletes.

use super::{archive_all, days, keep, keep_of, nothing, store};
use crate::support::{TestApp, any_job};
use callsheet::jobs::{ItemReport, KeepPatch, KeepRule, NewItem, NewJob, Then};
use chrono::TimeDelta;
use entity::ItemStatus;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A completed job with an item, both of which name files.
async fn film(t: &TestApp, new: NewJob, given: &str, result: Value, of_item: Value) {
    let new = NewJob {
        request_data: json!({"portrait": given}).as_object().cloned(),
        items: vec![NewItem {
            key: "shot".to_owned(),
            input: None,
        }],
        ..new
    };
    let id = t.create(new).await.id;
    t.start(&id).await;
    let report = ItemReport {
        key: Some("shot".to_owned()),
        idx: None,
        status: ItemStatus::Completed,
        result: Some(of_item),
        error: None,
    };
    t.report_items(&id, vec![report], None).await.unwrap();
    t.mark_completed(&id, result.as_object().cloned(), None)
        .await
        .unwrap();
}

fn files(folder: &TempDir, names: &[&str]) {
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "film").unwrap();
    }
}

fn is_file(folder: &TempDir, name: &str) -> bool {
    folder.path().join(name).is_file()
}

fn without_media(then: Then) -> KeepRule {
    KeepRule {
        removes_media: true,
        ..nothing(then)
    }
}

#[on_both]
async fn files_of_results_go_with_a_deleted_job_and_what_it_was_given_stays(t: TestApp) {
    let media = store();
    t.remove_media_from(media.path().to_owned());
    let made = ["film-1/final cut.mp4", "film-1/shots/0.mp4"];
    files(&media, &made);
    files(&media, &["portraits/a fox.png", "film-2/final.mp4"]);
    let result = json!({
        "video_path": "/media/film-1/final%20cut.mp4?v=2",
        "portrait": "/media/portraits/a%20fox.png?v=1",
        "outside": "/media/../etc/passwd",
        "missing": "/media/film-1/gone.mp4",
        "remote": "https://cdn.example/media/film-2/final.mp4",
    });
    let of_item = json!({"clip": "/media/film-1/shots/0.mp4"});
    film(&t, any_job(), "/media/portraits/a fox.png", result, of_item).await;
    keep(&t, without_media(Then::Delete));
    t.clock.advance(TimeDelta::seconds(1));
    assert_eq!(t.run_retention().await.unwrap().deleted, 1);
    for gone in made {
        assert!(!is_file(&media, gone), "{gone}");
    }
    assert!(!media.path().join("film-1").exists());
    for kept in ["portraits/a fox.png", "film-2/final.mp4"] {
        assert!(is_file(&media, kept), "{kept}");
    }
}

#[on_both]
async fn files_stay_by_default_and_when_the_job_stays_or_is_archived(t: TestApp) {
    let (media, folder) = (store(), store());
    t.remove_media_from(media.path().to_owned());
    files(&media, &["a.mp4", "b.mp4", "c.mp4"]);
    let of = |name: &str| json!({"video_path": format!("/media/{name}")});
    let film_job = || NewJob {
        job_type: "film".to_owned(),
        ..any_job()
    };
    film(&t, film_job(), "", of("a.mp4"), json!({})).await;
    keep(&t, nothing(Then::Delete));
    t.clock.advance(TimeDelta::seconds(1));
    assert_eq!(t.run_retention().await.unwrap().deleted, 1);
    let kept = NewJob {
        labels: [("keep".to_owned(), "true".to_owned())].into(),
        ..film_job()
    };
    film(&t, kept, "", of("b.mp4"), json!({})).await;
    film(&t, any_job(), "", of("c.mp4"), json!({})).await;
    archive_all(&t, &folder);
    let patch = KeepPatch {
        completed: Some(Some(days(0))),
        then: Some(Some(Then::Delete)),
        media: Some(Some(false)),
        ..KeepPatch::default()
    };
    let queue = keep_of(&t, "film", patch).await.unwrap();
    assert_eq!(queue.keep.keep_media, Some(false));
    t.clock.advance(TimeDelta::seconds(1));
    let run = t.run_retention().await.unwrap();
    assert_eq!((run.deleted, run.archived), (0, 1));
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        assert!(is_file(&media, name), "{name}");
    }
}
