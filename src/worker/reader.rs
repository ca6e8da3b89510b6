//! Reader of a program's standard output: turns lines into reports.

use super::{
    display::JobDisplay,
    lines::LineReader,
    output::{self, Output},
};
use crate::media_folder::MediaFolder;
use callsheet_client::{
    ItemStatus,
    lease::{ItemReport, Lease, Report, Reports},
};
use serde_json::Value;
use std::sync::Arc;
use tokio::process::ChildStdout;

pub struct Reader {
    pub lines: LineReader<ChildStdout>,
    /// Maximum bytes of a line.
    pub most: usize,
    pub reports: Arc<Reports>,
    pub lease: Arc<Lease>,
    pub row: Arc<JobDisplay>,
    /// Folder in which reported files have to be; `None` to believe every report.
    pub media: Option<MediaFolder>,
}

impl Reader {
    /// Reads to the end of the output.
    pub async fn run(mut self) {
        while let Some(line) = self.lines.next().await {
            for said in output::read(&line, self.most) {
                self.take(said).await;
            }
        }
    }

    async fn take(&self, said: Output) {
        match said {
            Output::BadItem(why) => self.lease.refuse(&why),
            Output::BadResult(why) => self.reports.bad_result(why),
            Output::Report(mut report) => {
                self.look_for_files(&mut report).await;
                self.row.show(&report);
                self.reports.add(*report).await;
            }
            Output::Log(line) => self.reports.log(line).await,
        }
    }

    /// Looks for the files of a completed item: without them, it has failed.
    async fn look_for_files(&self, report: &mut Report) {
        let completed = |item: &&mut ItemReport| item.status == ItemStatus::Completed;
        let (Some(media), Some(item)) = (&self.media, report.item.as_mut().filter(completed))
        else {
            return;
        };
        let result = item.result.as_ref().unwrap_or(&Value::Null);
        if let Some(why) = media.missing(result).await {
            self.lease.refuse(&why);
            item.status = ItemStatus::Failed;
            item.error = Some(why);
        }
    }
}
