//! Numbers, words and texts that stand where records should: any number of them in a row is one reject, so that a file of
//! nothing else does not become a reject a byte.

use super::{
    super::{
        reject::{Reason, Reject},
        report::At,
    },
    Piece,
    bytes::{LARGEST, too_large},
};

/// Bytes of the first value that are kept.
const KEPT: usize = 1 << 20;

#[derive(Default)]
pub struct Scalars {
    first: Option<Piece>,
    count: u64,
    bytes: u64,
}

impl Scalars {
    /// Whether the value is one of those that are counted: what stands under a key is reported by its key.
    pub fn take(at: &At, raw: &[u8]) -> bool {
        !matches!(at, At::Key(_)) && !raw.starts_with(b"{") && !raw.starts_with(b"[")
    }

    pub fn add(&mut self, mut piece: Piece) {
        self.count += 1;
        self.bytes += piece.bytes;
        if self.first.is_none() {
            if piece.raw.len() > LARGEST {
                piece.raw.truncate(KEPT);
                piece.whole = Err(too_large());
            }
            self.first = Some(piece);
        }
    }

    /// The values that were met since the last call, as one piece: a single one is as it stood there.
    pub fn end(&mut self) -> Option<Piece> {
        let Self { first, count, bytes } = std::mem::take(self);
        let mut piece = first?;
        if count > 1 {
            let told = format!(
                "From here on, {count} values in a row are numbers, words or texts, not the objects of jobs; the first \
                 of them is kept."
            );
            piece.whole = Err(Reject::new(Reason::NotAnObject, told));
            piece.bytes = bytes;
        }
        Some(piece)
    }
}
