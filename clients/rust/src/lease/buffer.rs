//! Buffer of the reports that the server does not have yet, without its locks.

use super::{
    batch::{Limits, MAX_ITEMS, MAX_LINES, ReportBatch, size},
    report::{ItemReport, Report},
    reports::ReportedResult,
};
use std::mem;

#[derive(Default)]
pub struct Buffer {
    pub batch: ReportBatch,
    /// Bytes of the buffered items, serialised as JSON. `line_bytes` are those of the log lines.
    item_bytes: usize,
    line_bytes: usize,
    /// Log lines dropped at the limit.
    left_out: u64,
    pub result: Option<ReportedResult>,
    pub closed: bool,
    pub limits: Limits,
    /// Maximum items of the next batch, which then has nothing else, while the report is looked for
    /// that the server does not take.
    pub careful: Option<usize>,
    /// Keys and positions of the items that are on their way to the server.
    in_flight: Vec<(Option<String>, Option<i32>)>,
}

impl Buffer {
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.left_out == 0
    }

    pub fn is_full(&self) -> bool {
        self.batch.items.len() >= MAX_ITEMS || self.item_bytes >= self.limits.item_bytes
    }

    pub fn add(&mut self, report: Report) {
        let Report {
            progress,
            stage,
            total_shots,
            completed_shots,
            item,
            result,
        } = report;
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

    pub fn add_line(&mut self, mut line: String) {
        let most = self.limits.line_bytes;
        line.truncate(line.floor_char_boundary(most));
        if self.batch.log.len() + 1 < MAX_LINES && self.line_bytes + line.len() <= most {
            self.line_bytes += line.len();
            self.batch.log.push(line);
        } else {
            self.left_out += 1;
        }
    }

    fn add_item(&mut self, item: ItemReport) {
        let same = |other: &&mut ItemReport| other.is_of_same(&item);
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

    /// Returns whether the server may lack a report on this item.
    pub fn has(&self, item: &ItemReport) -> bool {
        let flies =
            |(key, idx): &(Option<String>, Option<i32>)| *key == item.key && *idx == item.idx;
        self.in_flight.iter().any(flies) || self.batch.items.iter().any(|one| one.is_of_same(item))
    }

    /// Notes that no batch is on its way to the server any more.
    pub fn landed(&mut self) {
        self.in_flight.clear();
    }

    pub fn take(&mut self) -> ReportBatch {
        let batch = self.next_batch();
        let names = batch.items.iter().map(|item| (item.key.clone(), item.idx));
        self.in_flight = names.collect();
        batch
    }

    fn next_batch(&mut self) -> ReportBatch {
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
    fn that_fit(&self, items: &[ItemReport]) -> usize {
        let mut bytes = 0;
        let fits = |item: &ItemReport| {
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
    pub fn give_up(&mut self, batch: ReportBatch, why: &str) {
        if batch.is_of_log() {
            return;
        }
        self.put_back(ReportBatch {
            log: batch.log,
            ..ReportBatch::default()
        });
        self.add_line(format!("(progress was not taken: {why})"));
    }

    pub fn put_back(&mut self, batch: ReportBatch) {
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
