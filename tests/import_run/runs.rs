//! The runs that are kept: listed, and given up when nobody will end them.

use crate::{
    import::dump::{Dump, import},
    support::TestApp,
};
use callsheet::{jobs::PrunedImports, lifecycle::Cursor};
use chrono::TimeDelta;
use entity::{
    import::{self, ImportStatus},
    import_reject,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::json;

#[on_both]
async fn runs_are_paged_newest_first(bench: TestApp) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(bench.start_import(json!({})).await.unwrap());
        bench.clock.advance(TimeDelta::seconds(1));
    }
    ids.reverse();
    let (mut after, mut met) = (None, Vec::new());
    loop {
        let page = bench.list_imports(after, 2).await.unwrap();
        let (more, last) = (page.more, page.last().unwrap().clone());
        met.extend(page.into_iter().map(|run| run.id));
        if !more {
            break;
        }
        after = Some(Cursor {
            created_at: last.started_at,
            id: last.id,
        });
    }
    assert_eq!(met, ids);
    assert_eq!(
        bench.get_import("nowhere").await.unwrap_err().code(),
        "import_not_found"
    );
    assert_eq!(
        bench
            .list_import_rejects("nowhere", None, 1)
            .await
            .unwrap_err()
            .code(),
        "import_not_found"
    );
}

async fn ran_by(bench: &TestApp, process: Option<&str>) -> String {
    let id = bench.start_import(json!({})).await.unwrap();
    let row = import::ActiveModel {
        id: Set(id.clone()),
        process: Set(process.map(Into::into)),
        ..Default::default()
    };
    row.update(bench.database().read()).await.unwrap();
    id
}

async fn status(bench: &TestApp, id: &str) -> (ImportStatus, bool) {
    let run = bench.get_import(id).await.unwrap();
    (
        run.status,
        run.error.is_some_and(|error| error.contains("has stopped")),
    )
}

#[on_both]
async fn a_run_whose_process_is_gone_is_given_up(bench: TestApp) {
    let Some(own) = callsheet::process::own() else {
        return;
    };
    let (words, _) = own.rsplit_once(' ').unwrap();
    let mine = bench.start_import(json!({})).await.unwrap();
    let gone = ran_by(&bench, Some(&format!("{words} 1"))).await;
    let elsewhere = ran_by(&bench, Some("another-boot pid:[1] 1 1")).await;
    assert_eq!(bench.fail_orphaned_imports().await.unwrap(), 1);
    assert_eq!(status(&bench, &mine).await, (ImportStatus::Running, false));
    assert_eq!(
        status(&bench, &elsewhere).await,
        (ImportStatus::Running, false)
    );
    assert_eq!(status(&bench, &gone).await, (ImportStatus::Failed, true));
    assert!(bench.get_import(&gone).await.unwrap().finished_at.is_some());
}

#[on_both]
async fn a_run_that_is_silent_is_given_up(bench: TestApp) {
    let (silent, heard) = (
        ran_by(&bench, None).await,
        ran_by(&bench, Some("another-boot pid:[1] 1 1")).await,
    );
    let done = bench.start_import(json!({})).await.unwrap();
    bench.finish_import(&done, None, None).await.unwrap();
    bench.clock.advance(TimeDelta::seconds(59));
    assert_eq!(bench.fail_orphaned_imports().await.unwrap(), 0);
    bench.beat_import(&heard).await.unwrap();
    bench.clock.advance(TimeDelta::seconds(2));
    assert_eq!(bench.fail_orphaned_imports().await.unwrap(), 1);
    assert_eq!(status(&bench, &silent).await, (ImportStatus::Failed, true));
    assert_eq!(status(&bench, &heard).await, (ImportStatus::Running, false));
    assert_eq!(status(&bench, &done).await, (ImportStatus::Finished, false));
}

#[on_both]
async fn old_runs_go_with_their_rejects(bench: TestApp) {
    let lines = "{\"x\": 1}\n".repeat(501);
    let old = import(&bench, &Dump::of(&lines)).await.import_id.unwrap();
    bench.clock.advance(TimeDelta::days(20));
    let newer = import(&bench, &Dump::of(&lines)).await.import_id.unwrap();
    let running = bench.start_import(json!({})).await.unwrap();
    assert_eq!(
        bench
            .prune_imports(Some(TimeDelta::days(30)))
            .await
            .unwrap(),
        PrunedImports::default()
    );
    bench.clock.advance(TimeDelta::days(11));
    let pruned = bench
        .prune_imports(Some(TimeDelta::days(30)))
        .await
        .unwrap();
    assert_eq!(
        pruned,
        PrunedImports {
            runs: 1,
            emptied: 0
        }
    );
    assert_eq!(
        bench.get_import(&old).await.unwrap_err().code(),
        "import_not_found"
    );
    assert_eq!(
        bench
            .list_import_rejects(&newer, None, 1000)
            .await
            .unwrap()
            .len(),
        501
    );
    let left = import_reject::Entity::find()
        .count(bench.database().read())
        .await
        .unwrap();
    assert_eq!(
        (left, bench.get_import(&running).await.unwrap().status),
        (501, ImportStatus::Running)
    );

    // Rejects of all runs together are bounded as well: those of the oldest go first, and its run
    // stays.
    let row = import::ActiveModel {
        id: Set(newer.clone()),
        reject_bytes: Set(2 << 30),
        ..Default::default()
    };
    row.update(bench.database().read()).await.unwrap();
    assert_eq!(
        bench.prune_imports(None).await.unwrap(),
        PrunedImports {
            runs: 0,
            emptied: 1
        }
    );
    let run = bench.get_import(&newer).await.unwrap();
    assert_eq!(
        (run.rejected, run.rejects_kept, run.reject_bytes),
        (501, 0, 0)
    );
    assert!(
        bench
            .list_import_rejects(&newer, None, 1000)
            .await
            .unwrap()
            .is_empty()
    );
}
