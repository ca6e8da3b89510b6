//! Bounds of the memory and of a flush, and what a flush writes.

use super::{table::MAX_ROW_AGE, *};

fn note(worker_id: &str) -> WorkerNote {
    WorkerNote {
        worker_id: worker_id.into(),
        job_types: Some(["t".to_owned()].into()),
        ..WorkerNote::default()
    }
}

async fn taken(book: &WorkerActivity, now: DateTime<Utc>) -> Vec<WorkerNote> {
    let turn = book.flush_turn().await;
    book.take(&turn, now)
}

#[tokio::test]
async fn a_client_that_names_another_worker_with_each_call_does_not_fill_the_memory() {
    let book = WorkerActivity::default();
    let (waits, _) = book.introduce(note("waits"));
    for n in 0..50_000 {
        drop(book.introduce(note(&n.to_string())));
    }
    let inside = book.book();
    assert!(
        inside.entries.len() <= MAX_REMEMBERED + 1 && inside.urgent.len() <= MAX_REMEMBERED + 1
    );
    assert!(
        inside.entries.contains_key("waits"),
        "who waits is remembered"
    );
    drop(inside);
    drop(waits);
    assert_eq!(book.book().present, 0);
}

#[tokio::test]
async fn one_flush_is_bounded_and_all_together_have_everything() {
    let (book, now) = (WorkerActivity::default(), DateTime::UNIX_EPOCH);
    for n in 0..1200 {
        drop(book.introduce(note(&n.to_string())));
    }
    let mut sizes = Vec::new();
    for _ in 0..4 {
        sizes.push(taken(&book, now).await.len());
    }
    assert_eq!(sizes, [MAX_FLUSH_ROWS, MAX_FLUSH_ROWS, 200, 0]);
    assert!(book.book().urgent.is_empty());
}

#[tokio::test]
async fn who_waits_is_written_now_and_then_and_nobody_else_with_it() {
    let (book, now) = (WorkerActivity::default(), DateTime::UNIX_EPOCH);
    let _waits = book.introduce(note("waits"));
    assert_eq!(taken(&book, now).await.len(), 1);
    let (_other, urgent) = book.introduce(note("other"));
    assert!(urgent);
    let turn = book.flush_turn().await;
    let written: Vec<_> = book
        .take_urgent(&turn, now)
        .into_iter()
        .map(|note| note.worker_id)
        .collect();
    assert_eq!(written, [Arc::<str>::from("other")]);
    drop(turn);
    assert_eq!(taken(&book, now + MAX_ROW_AGE / 2).await.len(), 0);
    let later = taken(&book, now + MAX_ROW_AGE).await;
    assert_eq!(
        later.iter().map(|note| note.seen_at).collect::<Vec<_>>(),
        [now + MAX_ROW_AGE; 2]
    );
}

#[tokio::test]
async fn counts_that_could_not_be_written_are_written_with_the_next() {
    let (book, now) = (WorkerActivity::default(), DateTime::UNIX_EPOCH);
    book.claimed("w", 2);
    let lost = taken(&book, now).await;
    book.claimed("w", 1);
    book.put_back(lost);
    assert_eq!(taken(&book, now).await[0].claimed, 3);
}
