//! Records that share an id or a key: the first pass over a file notes them, so that the second
//! pass takes the newest of an id and the last of a key.

use super::RecordSink;
use crate::{
    db::write::ImportedJob,
    import::{
        newest::Standing,
        reject::{Reason, Reject},
        report::Position,
        split::Piece,
    },
};

impl RecordSink {
    /// Notes a record of the first pass over a file.
    pub fn survey(&mut self, piece: &Piece) {
        if piece.whole.is_err() {
            return;
        }
        match &piece.at {
            Position::Key(key) => self.repeated.meet(key),
            _ if piece.alone => {}
            _ => {
                if let Some(identity) = self.identity.of(&piece.raw) {
                    self.newest.meet(&identity, piece.offset);
                }
            }
        }
    }

    /// Ends the first pass over a file.
    pub fn end_survey(&mut self) {
        self.repeated.settle();
        self.newest.settle();
    }

    /// Role of a record among those of its id.
    pub(super) fn standing(&self, piece: &Piece) -> Standing {
        if self.newest.is_empty() || matches!(piece.at, Position::Key(_)) || piece.whole.is_err() {
            return Standing::Only;
        }
        let identity = self.identity.of(&piece.raw);
        identity.map_or(Standing::Only, |identity| {
            self.newest.standing(&identity, piece.offset)
        })
    }

    pub(super) fn last_of_its_key(&mut self, piece: &Piece) -> Result<(), Reject> {
        match &piece.at {
            Position::Key(key) if self.repeated.comes_again(key) => {
                let detail = format!(
                    "The key {key} occurs again later in this object; the last record is imported."
                );
                Err(Reject::new(Reason::DuplicateId, detail))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn once(&mut self, record: ImportedJob) -> Result<ImportedJob, Reject> {
        let id = &record.job.id;
        if self.seen.add(id) {
            return Ok(record);
        }
        let detail = format!(
            "The id {id} stands further up in this file already; that record counts. \
                A pipe is read only once: in a file, the newest record of an id counts."
        );
        Err(Reject::new(Reason::DuplicateId, detail))
    }
}
