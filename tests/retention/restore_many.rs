//! Action that puts many archived jobs back.

use super::{archive::files, archive_all, ended, is_there, store};
use crate::{
    api::face::Api,
    support::{TestApp, refusal},
};
use callsheet::jobs::{ActionFilter, NewAction, Storage};
use entity::{
    JobStatus,
    job_action::{self, ActionKind, ActionStatus},
    job_action_outcome::Outcome,
};
use serde_json::json;

fn restore(filter: ActionFilter) -> NewAction {
    NewAction {
        action: ActionKind::Restore,
        priority: None,
        filter,
    }
}

fn of_type(job_type: &str) -> ActionFilter {
    ActionFilter {
        job_type: Some(job_type.to_owned()),
        ..ActionFilter::default()
    }
}

async fn run(t: &TestApp, new: NewAction) -> job_action::Model {
    let begun = t.start_action(new, true, None).await.unwrap();
    t.run_actions().await.unwrap();
    t.get_action(&begun.id).await.unwrap()
}

#[on_both]
async fn archived_jobs_of_a_filter_come_back_and_no_others(t: TestApp) {
    let folder = store();
    let mut films = Vec::new();
    for _ in 0..45 {
        films.push(ended(&t, "film", JobStatus::Failed).await);
    }
    let completed = ended(&t, "film", JobStatus::Completed).await;
    let other = ended(&t, "poster", JobStatus::Failed).await;
    let before = t.get_job(&films[7]).await.unwrap();
    archive_all(&t, &folder);
    assert_eq!(t.run_retention().await.unwrap().archived, 47);
    let failed = ActionFilter {
        status: vec![JobStatus::Failed],
        ..of_type("film")
    };
    let preview = t.preview_action(&restore(failed.clone())).await.unwrap();
    assert_eq!((preview.will_change, preview.by_status.failed), (45, 45));
    let action = run(&t, restore(failed.clone())).await;
    assert_eq!(action.status, ActionStatus::Completed);
    let counts = (
        action.matching,
        action.changed,
        action.skipped,
        action.failed,
    );
    assert_eq!(counts, (45, 45, 0, 0));
    for id in &films {
        assert!(is_there(&t, id).await, "{id}");
    }
    assert_eq!(t.get_job(&films[7]).await.unwrap(), before);
    for id in [&completed, &other] {
        refusal(t.get_job(id).await, "job_archived");
    }
    let outcomes = t.list_action_outcomes(&action.id, None, None, 100).await;
    assert_eq!(outcomes.unwrap().len(), 45);
    let again = run(&t, restore(failed)).await;
    assert_eq!((again.matching, again.changed), (0, 0));
    refusal(t.undo_action(&action.id).await, "cannot_undo");
}

#[on_both]
async fn a_damaged_object_fails_its_jobs_and_the_others_come_back(t: TestApp) {
    let folder = store();
    let first = ended(&t, "film", JobStatus::Failed).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    let object = files(&folder).pop().unwrap();
    let mut bytes = std::fs::read(&object).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&object, bytes).unwrap();
    let second = ended(&t, "film", JobStatus::Failed).await;
    t.run_retention().await.unwrap();
    let action = run(&t, restore(of_type("film"))).await;
    assert_eq!((action.changed, action.failed), (1, 1));
    let failed = t
        .list_action_outcomes(&action.id, Some(Outcome::Failed), None, 10)
        .await
        .unwrap();
    assert_eq!(failed[0].job_id, first);
    assert_eq!(failed[0].code.as_deref(), Some("archive_damaged"));
    assert!(is_there(&t, &second).await);
}

#[on_both]
async fn the_action_waits_while_the_archive_is_away_and_holds_up_no_other(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Failed).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    let begun = t
        .start_action(restore(of_type("film")), true, None)
        .await
        .unwrap();
    let away = folder.path().with_extension("away");
    std::fs::rename(folder.path(), &away).unwrap();
    let queued = t.queued().await.id;
    let cancel = NewAction {
        action: ActionKind::Cancel,
        priority: None,
        filter: of_type(&t.get_job(&queued).await.unwrap().job_type),
    };
    let cancel = t.start_action(cancel, true, None).await.unwrap();
    refusal(t.run_actions().await, "archive_unavailable");
    let action = t.get_action(&begun.id).await.unwrap();
    assert_eq!((action.status, action.changed), (ActionStatus::Running, 0));
    assert_eq!(action.process, None, "another server may reach the archive");
    let cancel = t.get_action(&cancel.id).await.unwrap();
    assert_eq!(
        (cancel.status, cancel.changed),
        (ActionStatus::Completed, 1)
    );
    std::fs::rename(&away, folder.path()).unwrap();
    t.run_actions().await.unwrap();
    let action = t.get_action(&begun.id).await.unwrap();
    assert_eq!(
        (action.status, action.changed),
        (ActionStatus::Completed, 1)
    );
    assert!(is_there(&t, &id).await);
}

#[on_both]
async fn fields_that_the_archive_does_not_know_are_refused_by_name(t: TestApp) {
    let folder = store();
    archive_all(&t, &folder);
    let filter = ActionFilter {
        labels: [("team".to_owned(), "red".to_owned())].into(),
        q: Some("train".to_owned()),
        ..ActionFilter::default()
    };
    let error = t.preview_action(&restore(filter)).await.err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("/filter/labels") && text.contains("/filter/q"),
        "{text}"
    );
    t.set_storage(Storage::default());
    let nowhere = t.preview_action(&restore(of_type("film"))).await;
    refusal(nowhere.map(|_| ()), "archive_unavailable");
}

#[on_both]
async fn all_archived_jobs_come_back_only_when_confirmed(api: Api) {
    let folder = store();
    for _ in 0..2 {
        ended(&api, "film", JobStatus::Failed).await;
    }
    archive_all(&api, &folder);
    api.served().set_storage(Storage {
        keep: super::nothing(callsheet::jobs::Then::Archive),
        archive: Some(callsheet::jobs::ArchiveStore::folder(folder.path())),
    });
    api.run_retention().await.unwrap();
    let start = |body| api.post("/api/v1/jobs/actions", body);
    for filter in [json!({}), json!({"created_after": "2020-01-01T00:00:00Z"})] {
        let body = json!({"action": "restore", "filter": filter});
        start(body).await.problem(400, "confirmation_required");
    }
    let dry = json!({"action": "restore", "filter": {}, "dry_run": true});
    assert_eq!(start(dry).await.json(200)["will_change"], 2);
    let body = json!({"action": "restore", "filter": {}, "confirm": true});
    assert_eq!(start(body).await.json(202)["action"], "restore");
    api.run_actions().await.unwrap();
    let list = api.get("/api/v1/jobs?status=failed").await.json(200);
    assert_eq!(list["jobs"].as_array().unwrap().len(), 2);
}
