//! Progress of a hot job.

use super::{
    follow_all::{open, steps},
    reader::{Message, Reader, progress},
};
use crate::{
    api::face::{Api, of_job},
    support::any_job,
};

/// The progress told, up to this value.
async fn until(reader: &mut Reader, percent: f64) -> Vec<Message> {
    let mut told = Vec::new();
    while told
        .last()
        .is_none_or(|last: &Message| last.data["progress"] != percent)
    {
        told.push(reader.next().await.expect("the last value comes"));
    }
    told
}

#[on_both]
async fn progress_of_a_hot_job_is_merged_and_the_last_value_is_never_lost(t: Api) {
    let job = t.started().await;
    let mut one = Reader::open(t.client(), &t.url(&of_job(&job.id, "/events/stream")), None).await;
    let mut all = open(&t, "", None).await;
    one.next().await.unwrap();
    all.next().await.unwrap();
    let began = tokio::time::Instant::now();
    for percent in 1..=60 {
        progress(&t, &job.id, f64::from(percent)).await;
    }
    let (of_one, of_all) = tokio::join!(until(&mut one, 60.0), until(&mut all, 60.0));
    let halves = began.elapsed().as_millis() / 500 + 2;
    for told in [of_one, of_all] {
        assert!(
            told.len() < 60 && told.len() as u128 <= 2 * halves,
            "{} in {halves} half seconds",
            told.len()
        );
        assert!(told.is_sorted_by_key(Message::seq));
    }
}

#[on_both]
async fn an_event_behind_held_back_progress_says_it_all(t: Api) {
    let job = t.started().await;
    let mut all = open(&t, "", None).await;
    all.next().await.unwrap();
    for percent in [1.0, 2.0, 3.0] {
        progress(&t, &job.id, percent).await;
    }
    t.mark_completed(&job.id, None, None).await.unwrap();
    let told = until(&mut all, 100.0).await;
    assert!(told.is_sorted_by_key(Message::seq), "{:?}", steps(&told));
    assert_eq!(told.last().unwrap().kind(), "completed");
}

#[on_both]
async fn who_is_cut_off_while_progress_is_held_back_is_told_it_once_by_any_server(t: Api) {
    let hot = [t.started().await, t.started().await];
    let mut all = open(&t, "", None).await;
    all.next().await.unwrap();
    for percent in 1..=5 {
        for job in &hot {
            progress(&t, &job.id, f64::from(percent)).await;
        }
    }
    let mut told = Vec::new();
    let cold = t.create(any_job()).await;
    while told
        .last()
        .is_none_or(|last: &Message| last.job() != cold.id)
    {
        told.push(all.next().await.unwrap());
    }
    let place = told.last().unwrap().id.clone().unwrap();
    drop(all);
    let other = t.again(|_| {}).await;
    let mut rest = open(&other, "", Some(&place)).await;
    let last = t.create(any_job()).await;
    while told
        .last()
        .is_none_or(|last_told: &Message| last_told.job() != last.id)
    {
        told.push(rest.next().await.unwrap());
    }
    let mut seen = std::collections::HashSet::new();
    assert!(
        told.iter()
            .all(|m| seen.insert((m.job().to_owned(), m.seq()))),
        "twice: {:?}",
        steps(&told)
    );
    for job in &hot {
        let of_job: Vec<_> = told.iter().filter(|m| m.job() == job.id).collect();
        assert!(of_job.is_sorted_by_key(|m| m.seq()));
        assert_eq!(
            of_job.last().unwrap().data["progress"],
            5.0,
            "at {place}: {:?}",
            steps(&told)
        );
    }
}
