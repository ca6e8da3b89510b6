//! Reasons for rejecting a record: one table of words, and a sentence for each case.

use std::fmt;

/// Words of `import_rejects.reason`. They are stable, since scripts read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The file cannot be opened, or a read failed.
    UnreadableFile,
    EmptyFile,
    /// The folder has no file that a store may have written.
    EmptyFolder,
    /// The folder was already read under another path, by way of a link.
    FolderLoop,
    /// The database or Redis server does not answer, or refuses the connection.
    Unreachable,
    /// The database file is damaged, or changed while it was read.
    BadDatabase,
    /// The file is not JSON in UTF-8.
    NotJson,
    /// The text between the records, or inside one, is not JSON.
    MalformedJson,
    /// The file ends in the middle of a record.
    TruncatedJson,
    /// The record is larger than the importer may hold in memory.
    TooLarge,
    /// The record is not an object, but null, a string, a number or a list.
    NotAnObject,
    /// The record's fields match no known store.
    UnknownShape,
    /// A part of a job that does not exist.
    Orphan,
    MissingId,
    BadId,
    /// Another record of the same file has the id, and counts.
    DuplicateId,
    BadJobType,
    /// The status is missing, or unknown to the importer.
    UnknownStatus,
    /// No time of the record can be read.
    BadTime,
    /// A field has a value of the wrong type.
    WrongType,
    /// The database refused the record.
    DatabaseRefused,
}

impl Reason {
    pub const ALL: [Reason; 21] = [
        Reason::UnreadableFile,
        Reason::EmptyFile,
        Reason::EmptyFolder,
        Reason::FolderLoop,
        Reason::Unreachable,
        Reason::BadDatabase,
        Reason::NotJson,
        Reason::MalformedJson,
        Reason::TruncatedJson,
        Reason::TooLarge,
        Reason::NotAnObject,
        Reason::UnknownShape,
        Reason::Orphan,
        Reason::MissingId,
        Reason::BadId,
        Reason::DuplicateId,
        Reason::BadJobType,
        Reason::UnknownStatus,
        Reason::BadTime,
        Reason::WrongType,
        Reason::DatabaseRefused,
    ];

    /// Finds the reason of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Reason::UnreadableFile => "unreadable_file",
            Reason::EmptyFile => "empty_file",
            Reason::EmptyFolder => "empty_folder",
            Reason::FolderLoop => "folder_loop",
            Reason::Unreachable => "unreachable",
            Reason::BadDatabase => "bad_database",
            Reason::NotJson => "not_json",
            Reason::MalformedJson => "malformed_json",
            Reason::TruncatedJson => "truncated_json",
            Reason::TooLarge => "too_large",
            Reason::NotAnObject => "not_an_object",
            Reason::UnknownShape => "unknown_shape",
            Reason::Orphan => "orphan",
            Reason::MissingId => "missing_id",
            Reason::BadId => "bad_id",
            Reason::DuplicateId => "duplicate_id",
            Reason::BadJobType => "bad_job_type",
            Reason::UnknownStatus => "unknown_status",
            Reason::BadTime => "bad_time",
            Reason::WrongType => "wrong_type",
            Reason::DatabaseRefused => "database_refused",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Maximum characters of a sentence, more than any of them has without a quotation.
const SENTENCE: usize = 1000;

/// A reason, and a sentence about the rejected record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub reason: Reason,
    pub detail: String,
}

impl Reject {
    /// Creates a reject. A sentence of more than 1,000 characters is cut, since it may quote input
    /// of any length.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(SENTENCE) {
            detail.truncate(end);
            detail.push('…');
        }
        Self { reason, detail }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}
