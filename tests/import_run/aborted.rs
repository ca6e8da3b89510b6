//! A run is ended by whoever asks for it, over HTTP or at the command line, wherever it runs.

use super::limits::{Silence, ended};
use crate::{
    import::dump::{Dump, import, import_all, job},
    support::{Patience, Server, TestApp, TestDb, callsheet},
};
use callsheet::import::OnConflict;
use callsheet::{import::StopReason, jobs::ImportChunk};
use entity::import::ImportStatus;
use serde_json::{Value, json};
use std::process::Stdio;

#[on_both]
async fn nothing_of_a_run_is_written_once_it_was_aborted(bench: TestApp) {
    let id = bench.start_import(json!({})).await.unwrap();
    assert_eq!(
        bench.abort_import(&id).await.unwrap().status,
        ImportStatus::Aborted
    );
    let batch = ImportChunk {
        jobs: Default::default(),
        repaired: Vec::new(),
        rejected: 3,
        rejects: Vec::new(),
    };
    let refused = bench
        .import_batch(&id, OnConflict::Skip, false, batch)
        .await;
    assert_eq!(refused.unwrap_err().code(), "import_not_found");
    bench
        .finish_import(&id, None, Some(json!({})))
        .await
        .unwrap();
    let run = bench.get_import(&id).await.unwrap();
    assert_eq!((run.status, run.rejected), (ImportStatus::Aborted, 0));
    assert_eq!(
        bench.abort_import("nowhere").await.unwrap_err().code(),
        "import_not_found"
    );
}

#[on_both]
async fn a_run_that_has_ended_stays_as_it_is(bench: TestApp) {
    let id = import(&bench, &Dump::json(&json!([job("a", json!({}))])))
        .await
        .import_id
        .unwrap();
    let before = bench.get_import(&id).await.unwrap();
    assert_eq!(bench.abort_import(&id).await.unwrap(), before);
    let silence = Silence::new();
    let options = silence.options();
    let stop = options.stop.clone();
    let (run, other) = (bench.clone(), bench.clone());
    let running = tokio::spawn(async move { import_all(&run, &options).await.0 });
    let patience = Patience::begin();
    let id = loop {
        let runs = other.list_imports(None, 1).await.unwrap();
        if runs[0].status == ImportStatus::Running {
            break runs[0].id.clone();
        }
        patience.pause("the run begins").await;
    };
    other.abort_import(&id).await.unwrap();
    assert_eq!(running.await.unwrap().stopped, Some(StopReason::Aborted));
    assert_eq!(ended(&bench, &id).await.status, ImportStatus::Aborted);
    drop(stop);
}

#[on_both]
async fn a_run_of_another_process_is_ended(t: TestDb) {
    let server = Server::start(&t.url).await;
    for over_http in [true, false] {
        let silence = Silence::new();
        let path = silence.path().display().to_string();
        let mut command = callsheet(&["import", "--database-url", &t.url, &path]);
        let running = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let patience = Patience::begin();
        let id = loop {
            let list = server
                .client
                .get(server.at("/api/v1/imports?limit=1"))
                .send()
                .await
                .unwrap();
            let list: Value = list.json().await.unwrap();
            if list["imports"][0]["status"] == "running" {
                break list["imports"][0]["import_id"].as_str().unwrap().to_owned();
            }
            patience.pause("the import begins").await;
        };
        let answer: Value = match over_http {
            true => {
                let abort = server
                    .client
                    .post(server.at(&format!("/api/v1/imports/{id}/abort")));
                abort
                    .json(&json!({}))
                    .send()
                    .await
                    .unwrap()
                    .json()
                    .await
                    .unwrap()
            }
            false => {
                let abort = ["imports", "abort", "--json", "--database-url", &t.url, &id];
                serde_json::from_slice(&callsheet(&abort).output().await.unwrap().stdout).unwrap()
            }
        };
        assert_eq!(
            (&answer["status"], &answer["import_id"]),
            (&json!("aborted"), &json!(id)),
            "{answer}"
        );
        let output = running.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("Aborted on request"));
    }
    let nowhere = server
        .client
        .post(server.at("/api/v1/imports/nowhere/abort"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(nowhere.status(), 404);
}
