//! Numbers, words, strings, and empty objects and lists in the place of records. Consecutive ones
//! are one reject, so that a file of nothing else does not give a reject per byte.

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
    },
    Piece,
    bytes::{MAX_RECORD_BYTES, too_large},
};

/// Maximum bytes to keep of a first value that is too large.
const MAX_FIRST_BYTES: usize = 1 << 20;

#[derive(Default)]
pub struct ScalarRun {
    first: Option<Piece>,
    count: u64,
    bytes: u64,
}

impl ScalarRun {
    /// Whether the value is one to count. A value under a key is not, since its key identifies it.
    pub fn take(at: &Position, raw: &[u8]) -> bool {
        !matches!(at, Position::Key(_)) && members(raw).is_none_or(<[u8]>::is_empty)
    }

    pub fn add(&mut self, mut piece: Piece) {
        self.count += 1;
        self.bytes += piece.bytes;
        if self.first.is_none() {
            if piece.raw.len() > MAX_RECORD_BYTES {
                piece.raw.truncate(MAX_FIRST_BYTES);
                piece.whole = Err(too_large());
            }
            self.first = Some(piece);
        }
    }

    /// Returns the values since the last call as one piece; a single value stays unchanged.
    pub fn end(&mut self) -> Option<Piece> {
        let Self {
            first,
            count,
            bytes,
        } = std::mem::take(self);
        let mut piece = first?;
        if count > 1 {
            let detail = format!(
                "From here on, {count} values in a row are numbers, words, texts or empty, not \
                the objects of jobs; the first of them is kept."
            );
            piece.whole = Err(Reject::new(Reason::NotAnObject, detail));
            piece.bytes = bytes;
        }
        Some(piece)
    }
}

/// Returns what an object or list has between its brackets; `None` for other values.
fn members(raw: &[u8]) -> Option<&[u8]> {
    let inner = match raw {
        [b'{', inner @ .., b'}'] | [b'[', inner @ .., b']'] => inner,
        [b'{' | b'[', inner @ ..] => inner,
        _ => return None,
    };
    Some(inner.trim_ascii())
}
