//! Why a record was left out: one table of words, and the sentence that goes with each case.

use std::fmt;

/// The words of `import_rejects.reason`. They are stable: scripts read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The file can't be opened, or reading it failed on the way.
    UnreadableFile,
    EmptyFile,
    /// The folder has no file that a store may have written.
    EmptyFolder,
    /// A folder that was read already stands in itself again, by way of a link.
    FolderLoop,
    /// The database or the Redis server does not answer, or lets nobody in.
    Unreachable,
    /// The database file is damaged, or changes while it is read.
    BadDatabase,
    /// The file is something else than JSON in UTF-8.
    NotJson,
    /// What stands between the records, or inside of one, is not JSON.
    MalformedJson,
    /// The file ends in the middle of a record.
    TruncatedJson,
    /// The record is larger than the importer holds in memory.
    TooLarge,
    /// The record is null, a text, a number or a list.
    NotAnObject,
    /// The record's fields are those of no known store.
    UnknownShape,
    /// A part of a job that is not there itself.
    Orphan,
    MissingId,
    BadId,
    /// Another record in the same file has the id, and counts.
    DuplicateId,
    BadJobType,
    /// The status is missing, or none that the store is known to write.
    UnknownStatus,
    /// No time of the record can be read.
    BadTime,
    /// A field holds another kind of value than it can be read from.
    WrongType,
    /// The database did not take the record.
    DatabaseRefused,
}

impl Reason {
    const ALL: [Reason; 21] = [
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

    /// The reason of this word.
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

/// Characters of a sentence. The longest that quotes nothing has some 600.
const SENTENCE: usize = 1000;

/// A reason and a sentence about this very record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub reason: Reason,
    pub detail: String,
}

impl Reject {
    /// What is quoted in the sentence may be of any length, and is cut.
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
