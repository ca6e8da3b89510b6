//! Range of jobs in the order of their creation.

use crate::lifecycle::Cursor;

/// Order of a list by creation time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

impl Order {
    /// Returns the opposite order.
    pub fn reversed(self) -> Self {
        match self {
            Self::NewestFirst => Self::OldestFirst,
            Self::OldestFirst => Self::NewestFirst,
        }
    }
}

/// Jobs between two others, and the order in which a query reads them.
#[derive(Clone, Debug, Default)]
pub struct KeyRange {
    pub order: Order,
    /// Exclusive start: the range begins behind this job.
    pub behind: Option<Cursor>,
    /// Inclusive end: this job is the last one of the range.
    pub upto: Option<Cursor>,
}

impl KeyRange {
    /// Returns the older and the newer end of the range.
    pub fn bounds(&self) -> (Option<&Cursor>, Option<&Cursor>) {
        match self.order {
            Order::NewestFirst => (self.upto.as_ref(), self.behind.as_ref()),
            Order::OldestFirst => (self.behind.as_ref(), self.upto.as_ref()),
        }
    }
}
