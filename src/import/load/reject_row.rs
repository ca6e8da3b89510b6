//! Rows of the rejects of a run, as long as its allowance lasts.

use super::Loader;
use crate::import::{
    read::{MAX_SHOWN_BYTES, ReadRecord},
    reject::Reject,
    report::Position,
    secrets, text,
};
use entity::import_reject;

impl Loader {
    /// Builds the row of a reject; `None` when the allowance is used up.
    pub(super) fn kept(&self, entry: &ReadRecord, reject: &Reject) -> Option<import_reject::Model> {
        let row = (!self.allowance.is_spent()).then(|| self.row(entry, reject))?;
        self.allowance.take(row.bytes()).then_some(row)
    }

    fn row(&self, entry: &ReadRecord, reject: &Reject) -> import_reject::Model {
        let ReadRecord {
            file,
            at,
            raw,
            bytes,
            ..
        } = entry;
        let key = Some(at)
            .filter(|at| **at != Position::File)
            .map(|at| text::plain(&at.to_string()).into_owned());
        let shown = &raw[..raw.len().min(MAX_SHOWN_BYTES)];
        let cut = match *bytes > shown.len() as u64 {
            true => format!(
                " Only the first {} KiB of the record are stored.",
                (shown.len() >> 10).max(1)
            ),
            false => String::new(),
        };
        let raw = secrets::hidden(&String::from_utf8_lossy(shown));
        import_reject::Model {
            id: 0,
            import_id: self.import_id.clone().unwrap_or_default(),
            file: text::plain(&file.display().to_string()).into_owned(),
            key,
            reason: reject.reason.as_str().to_owned(),
            detail: text::plain(&format!("{}{cut}", reject.detail)).into_owned(),
            raw: Some(text::plain(&raw).into_owned()).filter(|raw| !raw.is_empty()),
            created_at: self.jobs.now(),
        }
    }
}
