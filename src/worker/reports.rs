//! Buffer of the reports that the server does not have yet. It keeps the newest progress, the
//! newest state of each item, and log lines up to a limit; it counts the lines beyond that. It
//! never drops items and results: while they wait for an unreachable server, the program waits too.

use super::{
    batch::{Limits, MAX_ITEMS, MAX_LINES, ReportBatch, size},
    output::Output,
    report::{Item, Report},
};
use serde_json::{Map, Value};
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Last result that the program reported, or the reason why it could not be taken.
pub type ReportedResult = Result<Map<String, Value>, String>;

#[derive(Default)]
struct Buffered {
    batch: ReportBatch,
    /// Bytes of the buffered items, serialised as JSON. `line_bytes` are those of the log lines.
    item_bytes: usize,
    line_bytes: usize,
    /// Log lines dropped at the limit.
    left_out: u64,
    result: Option<ReportedResult>,
    closed: bool,
    limits: Limits,
    /// Maximum items of the next batch, which then has nothing else, while the report is looked for
    /// that the server does not take.
    careful: Option<usize>,
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
    pub fn new(limits: Limits) -> Self {
        let reports = Self::default();
        reports.pending().limits = limits;
        reports
    }

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

    /// Puts back a batch of several reports of which the server refused one, so that smaller ones
    /// are tried. Returns the item if it was the only report of the batch, and `None` otherwise;
    /// whatever else was alone in its batch is dropped.
    pub fn narrow(&self, batch: ReportBatch, why: &str) -> Option<Item> {
        let mut pending = self.pending();
        match (batch.items.len(), batch.is_of_items()) {
            (1, true) => {
                pending.careful = None;
                return batch.items.into_iter().next();
            }
            (0, _) => pending.give_up(batch, why),
            (count, alone) => {
                pending.careful = Some(if alone { count / 2 } else { count });
                pending.put_back(batch);
            }
        }
        None
    }

    /// Returns the last result that the program reported.
    pub fn result(&self) -> Option<ReportedResult> {
        self.pending().result.clone()
    }

    /// Keeps the reason why the last result could not be taken.
    pub fn bad_result(&self, why: String) {
        self.pending().result = Some(Err(why));
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
        self.batch.is_empty() && self.left_out == 0
    }

    fn is_full(&self) -> bool {
        self.batch.items.len() >= MAX_ITEMS || self.item_bytes >= self.limits.item_bytes
    }

    fn add(&mut self, said: Output) {
        match said {
            Output::Log(line) => self.add_line(line),
            // Faults are kept beside the buffer.
            Output::BadItem(_) | Output::BadResult(_) => {}
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
                self.result = result.map(Ok).or_else(|| self.result.take());
                if let Some(item) = item {
                    self.add_item(item);
                }
            }
        }
    }

    fn add_line(&mut self, mut line: String) {
        let most = self.limits.line_bytes;
        line.truncate(line.floor_char_boundary(most));
        if self.batch.log.len() + 1 < MAX_LINES && self.line_bytes + line.len() <= most {
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
        let careful = self.careful.filter(|_| !batch.items.is_empty());
        self.careful = careful;
        self.batch.items = batch.items.split_off(self.that_fit(&batch.items));
        self.item_bytes = self.batch.items.iter().map(size).sum();
        if careful.is_some() {
            let items = mem::take(&mut batch.items);
            let rest = mem::take(&mut self.batch.items);
            self.batch = ReportBatch {
                items: rest,
                ..batch
            };
            return ReportBatch {
                items,
                ..ReportBatch::default()
            };
        }
        if batch.items.iter().map(size).sum::<usize>() > self.limits.item_bytes {
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

    /// Returns how many of the items go into one batch. A single item above the limit goes alone.
    fn that_fit(&self, items: &[Item]) -> usize {
        let mut bytes = 0;
        let fits = |item: &Item| {
            bytes += size(item);
            bytes <= self.limits.item_bytes
        };
        let count = items
            .iter()
            .take(self.careful.unwrap_or(MAX_ITEMS).max(1))
            .map(fits)
            .take_while(|fits| *fits)
            .count();
        count.max(1).min(items.len())
    }

    /// Drops what the server refuses and what is neither an item nor a result: first everything but
    /// the log, then the log.
    fn give_up(&mut self, batch: ReportBatch, why: &str) {
        if batch.is_of_log() {
            return;
        }
        self.put_back(ReportBatch {
            log: batch.log,
            ..ReportBatch::default()
        });
        self.add_line(format!("(progress was not taken: {why})"));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, status: &'static str, result: Option<Value>) -> Output {
        let item = Item {
            key: Some(key.into()),
            idx: None,
            status,
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
            (batch.items[0].status, &batch.items[0].result),
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

    /// Sends all batches to a server that refuses an item of this key, and progress.
    async fn send_all(reports: &Reports, bad: &str) -> (Vec<String>, Vec<String>, Option<Item>) {
        let (mut taken, mut log, mut refused) = (Vec::new(), Vec::new(), None);
        while reports.state() != State::Nothing {
            let batch = reports.take();
            if batch.progress.is_some() || keys(&batch).contains(&bad) {
                refused = reports.narrow(batch, "no").or(refused);
            } else {
                taken.extend(keys(&batch).into_iter().map(str::to_owned));
                log.extend(batch.log);
            }
        }
        taken.sort();
        (taken, log, refused)
    }

    #[tokio::test]
    async fn a_report_that_the_server_refuses_costs_itself() {
        let reports = Reports::default();
        reports.add(progress(1.0)).await;
        reports.add(Output::Log("line".into())).await;
        for key in ["a", "b", "c", "d", "e"] {
            reports.add(item(key, "completed", None)).await;
        }
        let (taken, log, refused) = send_all(&reports, "d").await;
        assert_eq!(taken, ["a", "b", "c", "e"]);
        assert_eq!(log, ["line", "(progress was not taken: no)"]);
        assert_eq!(refused.unwrap().key.as_deref(), Some("d"));
    }

    #[tokio::test]
    async fn batches_follow_the_limit_of_the_server() {
        let reports = Reports::new(Limits::of_body(8192));
        let large = || Some(Value::from("x".repeat(3000)));
        reports.add(Output::Log("y".repeat(5000))).await;
        reports.add(item("a", "completed", large())).await;
        reports.add(item("b", "completed", large())).await;
        let batch = reports.take();
        assert!(serde_json::to_vec(&batch).unwrap().len() < 8192 * 7 / 8);
        assert_eq!(
            (keys(&batch), keys(&reports.take())),
            (vec!["a"], vec!["b"])
        );
    }
}
