//! Two servers on one PostgreSQL, and writers at both: a stream that is cut again and again, and
//! goes on at either, holds each event once, and those of a job in order.

use super::reader::{Message, Reader};
use crate::support::{Backend, Server, TestDb};
use entity::job_event;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

const WRITERS: usize = 50;
const JOBS_A_WRITER: usize = 12;
const CUTS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_cut_100_times_under_50_writers_at_two_servers_holds_each_event_once() {
    crate::support::run(Backend::Postgres, |db: TestDb| async move {
        let servers = Arc::new([Server::start(&db.url).await, Server::start(&db.url).await]);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(servers.clone(), writer)))
            .collect();
        let reading = tokio::spawn(read(servers.clone()));
        for writer in writers {
            writer.await.unwrap();
        }
        // The last event that there will be.
        create(&servers[0], "the-end").await;
        let told = reading.await.unwrap();
        hold(&db, &told).await;
        let Ok(servers) = Arc::try_unwrap(servers) else {
            panic!("nobody has them any more")
        };
        for server in servers {
            assert_eq!(server.stop("TERM").await.code(), Some(0));
        }
    })
    .await;
}

async fn create(server: &Server, id: &str) {
    let body = json!({"job_type": "idea2video", "job_id": id});
    let answer = server
        .client
        .post(server.at("/api/v1/jobs"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 201);
}

/// Runs jobs through their life, each step at one server or the other; creates that are refused
/// leave gaps.
async fn write(servers: Arc<[Server; 2]>, writer: usize) {
    let mut rng = fastrand::Rng::with_seed(writer as u64);
    for n in 0..JOBS_A_WRITER {
        let id = format!("job-{writer}-{n}");
        create(&servers[rng.usize(..2)], &id).await;
        let steps = [
            ("start", json!({})),
            ("complete", json!({})),
            ("retry", json!({})),
            ("cancel", json!({})),
        ];
        for (verb, body) in steps {
            for percent in 0..rng.u8(..4) {
                let report = json!({"progress": percent * 10 + 5});
                send(
                    &servers[rng.usize(..2)],
                    "PUT",
                    &format!("/api/v1/jobs/{id}/progress"),
                    &report,
                )
                .await;
            }
            send(
                &servers[rng.usize(..2)],
                "POST",
                &format!("/api/v1/jobs/{id}/{verb}"),
                &body,
            )
            .await;
        }
        let bad = json!({"job_type": "idea2video", "job_id": id, "series_id": "nowhere"});
        send(&servers[rng.usize(..2)], "POST", "/api/v1/jobs", &bad).await;
    }
}

async fn send(server: &Server, method: &str, path: &str, body: &Value) {
    let request = server
        .client
        .request(method.parse().unwrap(), server.at(path))
        .json(body);
    let status = request.send().await.unwrap().status().as_u16();
    assert!(
        matches!(status, 200 | 400 | 404 | 409),
        "{method} {path}: {status}"
    );
}

/// Everything up to the end, through streams that are cut after a few messages each.
async fn read(servers: Arc<[Server; 2]>) -> Vec<Message> {
    let mut rng = fastrand::Rng::with_seed(7);
    let (mut told, mut place, mut cuts) = (Vec::new(), Some("0".to_owned()), 0);
    loop {
        let server = &servers[rng.usize(..2)];
        let mut reader = Reader::open(
            &server.client,
            &server.at("/api/v1/events/stream"),
            place.as_deref(),
        )
        .await;
        let some = if cuts < CUTS {
            rng.usize(1..25)
        } else {
            usize::MAX
        };
        for _ in 0..some {
            let message = reader.next().await.expect("the stream goes on");
            assert_eq!(message.event, "change", "at {place:?}: {message:?}");
            let end = message.job() == "the-end";
            told.push(message);
            if end {
                assert!(cuts >= CUTS, "only {cuts} cuts");
                return told;
            }
        }
        place = reader.last_id.clone();
        cuts += 1;
    }
}

async fn hold(db: &TestDb, told: &[Message]) {
    let raw = db.raw().await;
    let history = job_event::Entity::find()
        .order_by_asc(job_event::Column::Id)
        .all(&raw)
        .await
        .unwrap();
    let mut of_job: HashMap<&str, Vec<i64>> = HashMap::new();
    for message in told {
        of_job.entry(message.job()).or_default().push(message.seq());
    }
    for (job, seqs) in &of_job {
        assert!(
            seqs.windows(2).all(|two| two[0] < two[1]),
            "{job}: {seqs:?}"
        );
    }
    // What is not told is progress that another event of the job came behind.
    let last: HashMap<&str, i64> = history
        .iter()
        .map(|event| (event.job_id.as_str(), event.seq))
        .collect();
    let missing = history.iter().filter(|event| {
        let seqs = of_job.get(event.job_id.as_str());
        let is_told = seqs.is_some_and(|seqs| seqs.binary_search(&event.seq).is_ok());
        !is_told && (event.kind != "progressed" || last[event.job_id.as_str()] == event.seq)
    });
    let missing: Vec<_> = missing
        .map(|event| (event.id, &event.job_id, event.seq, &event.kind))
        .collect();
    assert!(missing.is_empty(), "not told: {missing:?}");
    println!(
        "{} events, {} told, in {CUTS} pieces and the rest",
        history.len(),
        told.len()
    );
    raw.close().await.unwrap();
}
