//! What a program said and the server does not know yet. The newest progress is enough; of each item the last word;
//! lines up to a limit, and how many were beyond it. Items and results are never dropped: while they wait for a server
//! that is away, the program waits too.

use super::said::{Item, Report, Said};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Items of a call.
const ITEMS: usize = 1000;

/// Bytes of items that wait, unless a single one is larger.
const ITEM_BYTES: usize = 700_000;

/// Lines of a call.
const LINES: usize = 100;

/// Bytes of lines that wait.
const LINE_BYTES: usize = 150_000;

/// What one call tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Batch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_shots: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_shots: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

#[derive(Default)]
struct Pending {
    batch: Batch,
    /// Serialised, of the items and of the lines that wait.
    item_bytes: usize,
    line_bytes: usize,
    /// Lines beyond the limit.
    left_out: u64,
    result: Option<Map<String, Value>>,
    closed: bool,
}

#[derive(Default)]
pub struct Reports {
    pending: Mutex<Pending>,
    /// There is something to tell, or nothing more will come.
    news: Notify,
    /// There is room again.
    room: Notify,
}

impl Reports {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what a program said, as soon as there is room for it.
    pub async fn add(&self, said: Said) {
        loop {
            let room = self.room.notified();
            if !self.pending().is_full() {
                break;
            }
            room.await;
        }
        self.pending().add(said);
        self.news.notify_one();
    }

    /// Nothing more will come.
    pub fn close(&self) {
        self.pending().closed = true;
        self.news.notify_one();
    }

    /// Waits for something to tell, or for the end.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    pub fn state(&self) -> State {
        let pending = self.pending();
        match (pending.is_empty(), pending.closed) {
            (true, true) => State::Over,
            (true, false) => State::Nothing,
            (false, true) => State::Urgent,
            (false, false) if !pending.batch.items.is_empty() => State::Urgent,
            (false, false) => State::Something,
        }
    }

    /// What to tell now; the rest stays for the next call.
    pub fn take(&self) -> Batch {
        let batch = self.pending().take();
        self.room.notify_waiters();
        batch
    }

    /// What could not be told is told later, unless there is a newer word on it.
    pub fn put_back(&self, batch: Batch) {
        self.pending().put_back(batch);
    }

    /// The last result that the program gave.
    pub fn result(&self) -> Option<Map<String, Value>> {
        self.pending().result.clone()
    }
}

/// How much there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Nothing,
    /// It may be gathered for a moment.
    Something,
    /// Now: items, or the last words of a program.
    Urgent,
    /// Everything was told, and nothing more will come.
    Over,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.batch == Batch::default() && self.left_out == 0
    }

    fn is_full(&self) -> bool {
        self.batch.items.len() >= ITEMS || self.item_bytes >= ITEM_BYTES
    }

    fn add(&mut self, said: Said) {
        match said {
            Said::Log(line) => self.add_line(line),
            Said::Report(report) => {
                let Report { progress, stage, total_shots, completed_shots, item, result } = *report;
                let batch = &mut self.batch;
                batch.progress = progress.or(batch.progress);
                batch.current_stage = stage.or_else(|| batch.current_stage.take());
                batch.total_shots = total_shots.or(batch.total_shots);
                batch.completed_shots = completed_shots.or(batch.completed_shots);
                self.result = result.or_else(|| self.result.take());
                if let Some(item) = item {
                    self.add_item(item);
                }
            }
        }
    }

    fn add_line(&mut self, line: String) {
        if self.batch.log.len() + 1 < LINES && self.line_bytes + line.len() <= LINE_BYTES {
            self.line_bytes += line.len();
            self.batch.log.push(line);
        } else {
            self.left_out += 1;
        }
    }

    fn add_item(&mut self, item: Item) {
        let same = |other: &&mut Item| (&other.key, other.idx) == (&item.key, item.idx);
        match self.batch.items.iter_mut().find(same) {
            Some(earlier) => {
                let before = size(earlier);
                earlier.follow(item);
                self.item_bytes = self.item_bytes + size(earlier) - before;
            }
            None => {
                self.item_bytes += size(&item);
                self.batch.items.push(item);
            }
        }
    }

    fn take(&mut self) -> Batch {
        let mut batch = mem::take(&mut self.batch);
        let mut bytes = 0;
        let fits = |item: &Item| {
            bytes += size(item);
            bytes <= ITEM_BYTES
        };
        let count = batch.items.iter().take(ITEMS).map(fits).take_while(|fits| *fits).count();
        // One that is larger than the limit goes by itself.
        let count = count.max(1).min(batch.items.len());
        self.batch.items = batch.items.split_off(count);
        self.item_bytes = self.batch.items.iter().map(size).sum();
        if batch.items.iter().map(size).sum::<usize>() > ITEM_BYTES {
            self.batch.log = mem::take(&mut batch.log);
        } else {
            self.line_bytes = 0;
            let left_out = mem::take(&mut self.left_out);
            batch
                .log
                .extend((left_out > 0).then(|| format!("({left_out} lines more, which came too fast, are left out)")));
        }
        batch
    }

    fn put_back(&mut self, batch: Batch) {
        let newer = mem::replace(&mut self.batch, batch);
        let batch = &mut self.batch;
        batch.progress = newer.progress.or(batch.progress);
        batch.current_stage = newer.current_stage.or_else(|| batch.current_stage.take());
        batch.total_shots = newer.total_shots.or(batch.total_shots);
        batch.completed_shots = newer.completed_shots.or(batch.completed_shots);
        self.item_bytes = batch.items.iter().map(size).sum();
        self.line_bytes = batch.log.iter().map(String::len).sum();
        newer.items.into_iter().for_each(|item| self.add_item(item));
        newer.log.into_iter().for_each(|line| self.add_line(line));
    }
}

/// Bytes of an item in a body.
fn size(item: &Item) -> usize {
    serde_json::to_vec(item).map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, status: &str, result: Option<Value>) -> Said {
        let item = Item { key: Some(key.into()), idx: None, status: status.into(), result, error: None };
        Said::Report(Box::new(Report { item: Some(item), ..Report::default() }))
    }

    fn progress(progress: f64) -> Said {
        Said::Report(Box::new(Report { progress: Some(progress), ..Report::default() }))
    }

    fn keys(batch: &Batch) -> Vec<&str> {
        batch.items.iter().filter_map(|item| item.key.as_deref()).collect()
    }

    #[tokio::test]
    async fn the_newest_progress_and_the_last_word_on_each_item_are_told() {
        let reports = Reports::default();
        for said in
            [progress(1.0), item("a", "processing", Some(1.into())), item("b", "completed", None), progress(2.0)]
        {
            reports.add(said).await;
        }
        reports.add(item("a", "completed", None)).await;
        let batch = reports.take();
        assert_eq!((batch.progress, keys(&batch)), (Some(2.0), vec!["a", "b"]));
        assert_eq!((batch.items[0].status.as_str(), &batch.items[0].result), ("completed", &Some(1.into())));
        assert_eq!(reports.take(), Batch::default());
    }

    #[tokio::test]
    async fn what_is_put_back_gives_way_to_newer_words() {
        let reports = Reports::default();
        reports.add(progress(1.0)).await;
        reports.add(item("a", "processing", None)).await;
        reports.add(Said::Log("first".into())).await;
        let untold = reports.take();
        reports.add(progress(2.0)).await;
        reports.add(item("b", "completed", None)).await;
        reports.add(item("a", "completed", None)).await;
        reports.add(Said::Log("second".into())).await;
        reports.put_back(untold);
        let batch = reports.take();
        assert_eq!((batch.progress, keys(&batch)), (Some(2.0), vec!["a", "b"]));
        assert_eq!(batch.items[0].status, "completed");
        assert_eq!(batch.log, ["first", "second"]);
    }

    #[tokio::test]
    async fn a_program_that_reports_more_items_than_a_call_takes_waits_for_room() {
        let reports = Reports::default();
        for n in 0..ITEMS {
            reports.add(item(&n.to_string(), "completed", None)).await;
        }
        let mut more = Box::pin(reports.add(item("more", "completed", None)));
        assert!(futures_util::poll!(&mut more).is_pending());
        let batch = reports.take();
        assert_eq!(batch.items.len(), ITEMS);
        more.await;
        reports.put_back(batch);
        assert_eq!(reports.take().items.len(), ITEMS);
        assert_eq!(keys(&reports.take()), ["more"]);
    }

    #[tokio::test]
    async fn large_items_go_in_calls_that_the_server_takes() {
        let reports = Reports::default();
        let large = || Some(Value::from("x".repeat(600_000)));
        reports.add(item("a", "completed", large())).await;
        reports.add(item("b", "completed", large())).await;
        reports.add(Said::Log("line".into())).await;
        let first = reports.take();
        assert_eq!((keys(&first), first.log.len()), (vec!["a"], 1));
        assert_eq!(keys(&reports.take()), ["b"]);
        reports.add(item("c", "completed", Some("x".repeat(900_000).into()))).await;
        reports.add(Said::Log("line".into())).await;
        assert_eq!((keys(&reports.take()).len(), reports.take().log), (1, vec!["line".to_owned()]));
    }

    #[tokio::test]
    async fn lines_that_come_too_fast_are_counted() {
        let reports = Reports::default();
        for n in 0..5000 {
            reports.add(Said::Log(n.to_string())).await;
        }
        let log = reports.take().log;
        assert_eq!(log.len(), LINES);
        assert_eq!(log[LINES - 1], "(4901 lines more, which came too fast, are left out)");
    }

    #[tokio::test]
    async fn it_is_over_when_the_last_words_are_told() {
        let reports = Reports::default();
        assert_eq!(reports.state(), State::Nothing);
        reports.add(progress(1.0)).await;
        assert_eq!(reports.state(), State::Something);
        reports.close();
        assert_eq!(reports.state(), State::Urgent);
        reports.take();
        assert_eq!(reports.state(), State::Over);
    }
}
