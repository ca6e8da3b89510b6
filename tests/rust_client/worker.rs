//! Workers that run an async function.

use crate::support::{Server, TestDb};
use callsheet_client::{
    Attempt, Client, Failed, Interruption,
    ItemStatus::{self, Completed, Skipped},
    Job, JobStatus, Method, NewItem, NewJob, Worker, WorkerError,
};
use serde_json::{Value, json};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Notify, mpsc},
    task::JoinHandle,
};

struct Stage {
    _server: Server,
    client: Client,
    stop: Arc<Notify>,
}

impl Stage {
    async fn at(db: &TestDb) -> Self {
        let server = Server::start(&db.url).await;
        let client = Client::new(server.url.parse().unwrap(), None).unwrap();
        Self {
            _server: server,
            client,
            stop: Arc::default(),
        }
    }

    async fn create(&self, keys: &[&str]) {
        let item = |key: &&str| NewItem {
            key: (*key).to_owned(),
            input: Value::Null,
        };
        let new = NewJob {
            job_id: Some("film".into()),
            items: Some(keys.iter().map(item).collect()),
            ..NewJob::new("render")
        };
        self.client.create_job(&new).await.unwrap();
    }

    fn worker<F, R>(&self, function: F) -> JoinHandle<Result<(), WorkerError>>
    where
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value, Failed>> + Send + 'static,
    {
        let (client, stop) = (self.client.clone(), self.stop.clone());
        let worker = Worker::new(["render"]).lease(Duration::from_secs(5));
        tokio::spawn(async move {
            let stop = async move { stop.notified().await };
            worker.run_until(&client, function, stop).await
        })
    }

    /// Runs the function for the job until it has ended, and stops the worker.
    async fn ended<F, R>(&self, function: F) -> Job
    where
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value, Failed>> + Send + 'static,
    {
        let worker = self.worker(function);
        let job = self.client.wait("film").await.unwrap();
        self.stop.notify_one();
        worker.await.unwrap().unwrap();
        job
    }
}

#[on_both]
async fn a_function_reports_items_progress_and_a_result(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create(&["one", "two", "three"]).await;
    let client = stage.client.clone();
    let job = stage
        .ended(move |attempt| {
            let client = client.clone();
            async move {
                attempt.progress(150.0, Some("shots")).await?;
                attempt.log("begins").await;
                attempt.start("one").await?;
                attempt.done("one", json!({"video_path": "/x"})).await?;
                // The server has it when the call returns.
                let one = client.items("film").await?[0].clone();
                assert_eq!(one.status, Completed);
                attempt.skip("two").await?;
                attempt.failed("three", "no light").await?;
                let planned = attempt.plan(["one", "three", "four"]).await?;
                // What was done before the attempt began counts.
                assert_eq!(planned, ["one", "three", "four"]);
                Ok(json!({"video_path": "/media/film.mp4"}))
            }
        })
        .await;
    assert_eq!((job.status, job.attempt), (JobStatus::Completed, 1));
    assert_eq!(job.result.unwrap()["video_path"], "/media/film.mp4");
    let items = stage.client.items("film").await.unwrap();
    let states: Vec<_> = items.iter().map(|item| item.status).collect();
    // The server leaves out what a completed job did not do.
    assert_eq!(states, [Completed, Skipped, ItemStatus::Failed, Skipped]);
    assert_eq!(items[2].error.as_deref(), Some("no light"));
    assert_eq!(items[0].result, json!({"video_path": "/x"}));
}

#[on_both]
async fn an_error_and_a_panic_fail_the_attempt_and_no_other_job(db: TestDb) {
    let stage = Stage::at(&db).await;
    for (n, how) in ["error", "panic", "permanent", "wrong", "refused"]
        .iter()
        .enumerate()
    {
        let new = NewJob {
            job_id: Some((*how).to_owned()),
            max_attempts: Some(if *how == "permanent" { 3 } else { 1 }),
            priority: Some(i16::try_from(n).unwrap()),
            ..NewJob::new("render")
        };
        stage.client.create_job(&new).await.unwrap();
    }
    let worker = stage.worker(|attempt| async move {
        match attempt.job().job_id.as_str() {
            "error" => Ok(json!({"n": "x".parse::<i32>()?})),
            "panic" => panic!("out of film"),
            "permanent" => Err(Failed::new("no such style").permanent()),
            "wrong" => Ok(json!("a.mp4")),
            _ => {
                attempt.done("a\nb", json!({})).await?;
                Ok(Value::Null)
            }
        }
    });
    for (id, error) in [
        ("error", "invalid digit"),
        ("panic", "out of film"),
        ("permanent", "no such style"),
        ("wrong", "returned a text"),
        ("refused", "a report was not taken"),
    ] {
        let job = stage.client.wait(id).await.unwrap();
        assert_eq!((job.status, job.attempt), (JobStatus::Failed, 1), "{id}");
        let said = job.error.unwrap();
        assert!(said.contains(error), "{id}: {said}");
    }
    stage.stop.notify_one();
    worker.await.unwrap().unwrap();
}

#[on_both]
async fn a_cancel_interrupts_the_function(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create(&[]).await;
    let (begun, mut begins) = mpsc::unbounded_channel();
    let seen = Arc::new(Mutex::new(None));
    let worker = stage.worker({
        let seen = seen.clone();
        move |attempt| {
            let (begun, seen) = (begun.clone(), seen.clone());
            async move {
                begun.send(()).unwrap();
                let why = attempt.interrupted().await;
                *seen.lock().await = Some(why.clone());
                Err(why.into())
            }
        }
    });
    begins.recv().await.unwrap();
    stage.client.cancel("film", None).await.unwrap();
    let job = stage.client.wait("film").await.unwrap();
    assert_eq!(job.status, JobStatus::Cancelled);
    assert_eq!(*seen.lock().await, Some(Interruption::Cancelled));
    stage.stop.notify_one();
    worker.await.unwrap().unwrap();
}

#[on_both]
async fn a_stopped_worker_gives_its_job_back_and_the_attempt_does_not_count(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create(&["one"]).await;
    let (begun, mut begins) = mpsc::unbounded_channel();
    let worker = stage.worker(move |attempt| {
        let begun = begun.clone();
        async move {
            attempt.done("one", Value::Null).await?;
            begun.send(()).unwrap();
            Err(attempt.interrupted().await.into())
        }
    });
    begins.recv().await.unwrap();
    stage.stop.notify_one();
    worker.await.unwrap().unwrap();
    let job = stage.client.job("film").await.unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 0));
    let done = stage
        .ended(|attempt| async move { Ok(json!({"left": attempt.pending().count()})) })
        .await;
    assert_eq!(done.result.unwrap()["left"], 0);
}

#[on_both]
async fn a_server_that_wants_a_key_ends_the_worker_with_its_sentence(db: TestDb) {
    let server = Server::start(&db.url).await;
    let client = |key| Client::new(server.url.parse().unwrap(), key).unwrap();
    let new = json!({"name": "farm", "role": "worker"});
    let patience = Duration::from_secs(30);
    let open = client(None);
    let made = open.call::<Value>(Method::POST, "/keys", Some(&new), patience);
    made.await.unwrap();
    let wrong = client(Some("wrong"));
    let worker = Worker::new(["render"]);
    let never = std::future::pending();
    let function = |_| async { Ok(Value::Null) };
    let ended = worker.run_until(&wrong, function, never).await;
    let Err(WorkerError::Refused { detail, .. }) = ended else {
        panic!("{ended:?}");
    };
    assert!(detail.contains("key"), "{detail}");
}
