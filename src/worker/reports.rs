//! Buffer of the reports that the server does not have yet. It keeps the newest progress, the
//! newest state of each item, and log lines up to a limit; it counts the lines beyond that. It
//! never drops items and results: while they wait for an unreachable server, the program waits too.

use super::output::{Item, Output, Report};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Maximum items of a request.
const MAX_ITEMS: usize = 1000;

/// Maximum bytes of buffered items, unless a single item is larger.
const MAX_ITEM_BYTES: usize = 700_000;

/// Maximum log lines of a request.
const MAX_LINES: usize = 100;

/// Maximum bytes of buffered log lines.
const MAX_LINE_BYTES: usize = 150_000;

/// Reports that one heartbeat sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReportBatch {
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
struct Buffered {
    batch: ReportBatch,
    /// Bytes of the buffered items, serialised as JSON. `line_bytes` are those of the log lines.
    item_bytes: usize,
    line_bytes: usize,
    /// Log lines dropped at the limit.
    left_out: u64,
    result: Option<Map<String, Value>>,
    closed: bool,
}

#[derive(Default)]
pub struct Reports {
    pending: Mutex<Buffered>,
    /// Wakes the heartbeat: there is a report, or the output has ended.
    ready: Notify,
    /// Wakes the reader of the output: the buffer has room again.
    space: Notify,
}

impl Reports {
    fn pending(&self) -> MutexGuard<'_, Buffered> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line of the program's output, as soon as the buffer has room.
    pub async fn add(&self, said: Output) {
        loop {
            let room = self.space.notified();
            if !self.pending().is_full() {
                break;
            }
            room.await;
        }
        self.pending().add(said);
        self.ready.notify_one();
    }

    /// Marks the end of the program's output.
    pub fn close(&self) {
        self.pending().closed = true;
        self.ready.notify_one();
    }

    /// Waits for a report, or for the end of the output.
    pub async fn news(&self) {
        self.ready.notified().await;
    }

    pub fn state(&self) -> State {
        let pending = self.pending();
        match (pending.is_empty(), pending.closed) {
            (true, true) => State::Finished,
            (true, false) => State::Nothing,
            (false, true) => State::Urgent,
            (false, false) if !pending.batch.items.is_empty() => State::Urgent,
            (false, false) => State::Something,
        }
    }

    /// Takes the next batch. Items beyond the limits of a request stay for the next one.
    pub fn take(&self) -> ReportBatch {
        let batch = self.pending().take();
        self.space.notify_waiters();
        batch
    }

    /// Puts back a batch that could not be sent. Newer reports override it.
    pub fn put_back(&self, batch: ReportBatch) {
        self.pending().put_back(batch);
    }

    /// Returns the last result that the program reported.
    pub fn result(&self) -> Option<Map<String, Value>> {
        self.pending().result.clone()
    }
}

/// Urgency of the next heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Nothing,
    /// Reports that may wait a moment for others to share their request.
    Something,
    /// Items, or the last reports after the end of the output.
    Urgent,
    /// The output has ended and all reports were taken.
    Finished,
}

impl Buffered {
    fn is_empty(&self) -> bool {
        self.batch == ReportBatch::default() && self.left_out == 0
    }

    fn is_full(&self) -> bool {
        self.batch.items.len() >= MAX_ITEMS || self.item_bytes >= MAX_ITEM_BYTES
    }

    fn add(&mut self, said: Output) {
        match said {
            Output::Log(line) => self.add_line(line),
            Output::Report(report) => {
                let Report {
                    progress,
                    stage,
                    total_shots,
                    completed_shots,
                    item,
                    result,
                } = *report;
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
        if self.batch.log.len() + 1 < MAX_LINES && self.line_bytes + line.len() <= MAX_LINE_BYTES {
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

    fn take(&mut self) -> ReportBatch {
        let mut batch = mem::take(&mut self.batch);
        let mut bytes = 0;
        let fits = |item: &Item| {
            bytes += size(item);
            bytes <= MAX_ITEM_BYTES
        };
        let count = batch
            .items
            .iter()
            .take(MAX_ITEMS)
            .map(fits)
            .take_while(|fits| *fits)
            .count();
        // A single item above the limit goes alone.
        let count = count.max(1).min(batch.items.len());
        self.batch.items = batch.items.split_off(count);
        self.item_bytes = self.batch.items.iter().map(size).sum();
        if batch.items.iter().map(size).sum::<usize>() > MAX_ITEM_BYTES {
            self.batch.log = mem::take(&mut batch.log);
        } else {
            self.line_bytes = 0;
            let left_out = mem::take(&mut self.left_out);
            batch
                .log
                .extend((left_out > 0).then(|| {
                    format!("({left_out} lines more, which came too fast, are left out)")
                }));
        }
        batch
    }

    fn put_back(&mut self, batch: ReportBatch) {
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

/// Returns the bytes of an item in a request body.
fn size(item: &Item) -> usize {
    serde_json::to_vec(item).map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, status: &str, result: Option<Value>) -> Output {
        let item = Item {
            key: Some(key.into()),
            idx: None,
            status: status.into(),
            result,
            error: None,
        };
        Output::Report(Box::new(Report {
            item: Some(item),
            ..Report::default()
        }))
    }

    fn progress(progress: f64) -> Output {
        Output::Report(Box::new(Report {
            progress: Some(progress),
            ..Report::default()
        }))
    }

    fn keys(batch: &ReportBatch) -> Vec<&str> {
        batch
            .items
            .iter()
            .filter_map(|item| item.key.as_deref())
            .collect()
    }

    #[tokio::test]
    async fn the_newest_progress_and_the_last_word_on_each_item_are_told() {
        let reports = Reports::default();
        for said in [
            progress(1.0),
            item("a", "processing", Some(1.into())),
            item("b", "completed", None),
            progress(2.0),
        ] {
            reports.add(said).await;
        }
        reports.add(item("a", "completed", None)).await;
        let batch = reports.take();
        assert_eq!((batch.progress, keys(&batch)), (Some(2.0), vec!["a", "b"]));
        assert_eq!(
            (batch.items[0].status.as_str(), &batch.items[0].result),
            ("completed", &Some(1.into()))
        );
        assert_eq!(reports.take(), ReportBatch::default());
    }

    #[tokio::test]
    async fn what_is_put_back_gives_way_to_newer_words() {
        let reports = Reports::default();
        reports.add(progress(1.0)).await;
        reports.add(item("a", "processing", None)).await;
        reports.add(Output::Log("first".into())).await;
        let untold = reports.take();
        reports.add(progress(2.0)).await;
        reports.add(item("b", "completed", None)).await;
        reports.add(item("a", "completed", None)).await;
        reports.add(Output::Log("second".into())).await;
        reports.put_back(untold);
        let batch = reports.take();
        assert_eq!((batch.progress, keys(&batch)), (Some(2.0), vec!["a", "b"]));
        assert_eq!(batch.items[0].status, "completed");
        assert_eq!(batch.log, ["first", "second"]);
    }

    #[tokio::test]
    async fn a_program_that_reports_more_items_than_a_call_takes_waits_for_room() {
        let reports = Reports::default();
        for n in 0..MAX_ITEMS {
            reports.add(item(&n.to_string(), "completed", None)).await;
        }
        let mut more = Box::pin(reports.add(item("more", "completed", None)));
        assert!(futures_util::poll!(&mut more).is_pending());
        let batch = reports.take();
        assert_eq!(batch.items.len(), MAX_ITEMS);
        more.await;
        reports.put_back(batch);
        assert_eq!(reports.take().items.len(), MAX_ITEMS);
        assert_eq!(keys(&reports.take()), ["more"]);
    }

    #[tokio::test]
    async fn large_items_go_in_calls_that_the_server_takes() {
        let reports = Reports::default();
        let large = || Some(Value::from("x".repeat(600_000)));
        reports.add(Output::Log("line".into())).await;
        reports.add(item("a", "completed", large())).await;
        reports.add(item("b", "completed", large())).await;
        let first = reports.take();
        assert_eq!((keys(&first), first.log.len()), (vec!["a"], 1));
        assert_eq!(keys(&reports.take()), ["b"]);
        reports.add(Output::Log("line".into())).await;
        reports
            .add(item("c", "completed", Some("x".repeat(900_000).into())))
            .await;
        assert_eq!(
            (keys(&reports.take()).len(), reports.take().log),
            (1, vec!["line".to_owned()])
        );
    }

    #[tokio::test]
    async fn lines_that_come_too_fast_are_counted() {
        let reports = Reports::default();
        for n in 0..5000 {
            reports.add(Output::Log(n.to_string())).await;
        }
        let log = reports.take().log;
        assert_eq!(log.len(), MAX_LINES);
        assert_eq!(
            log[MAX_LINES - 1],
            "(4901 lines more, which came too fast, are left out)"
        );
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
        assert_eq!(reports.state(), State::Finished);
    }
}
