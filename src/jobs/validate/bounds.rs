//! Bounds of the fields of jobs, and of all that belongs to them. The document of the API repeats
//! some as literals, because its macros take no constants.

/// Maximum number of characters in the id of a job.
pub const MAX_ID_CHARS: usize = 64;

/// Maximum number of characters in the type of a job.
pub(super) const MAX_JOB_TYPE_CHARS: usize = 50;

/// Maximum number of characters in the key of an item, and in an idempotency key.
pub const MAX_KEY_CHARS: usize = 255;

/// Maximum number of characters in a title, a style, a stage, a host or the value of a label.
pub const MAX_SHORT_CHARS: usize = 255;

/// Maximum number of characters in the name of a worker or a client.
pub const MAX_WORKER_ID_CHARS: usize = 200;

/// Maximum number of characters in the version of a worker's program.
pub const MAX_WORKER_VERSION_CHARS: usize = 50;

/// Maximum number of characters in the mode of a job.
pub const MAX_MODE_CHARS: usize = 20;

/// Maximum number of characters in the working directory of a job.
pub const MAX_DIR_CHARS: usize = 500;

/// Maximum number of characters in the id of a series or an episode.
pub const MAX_PARENT_ID_CHARS: usize = 36;

/// Maximum number of characters in the kind of an event, and in the name of a source store.
pub(super) const MAX_WORD_CHARS: usize = 50;

/// Maximum number of characters in the id of a key.
pub(super) const MAX_KEY_ID_CHARS: usize = 8;

/// Lowest and highest priority of a job.
pub const MIN_PRIORITY: i16 = -100;
pub const MAX_PRIORITY: i16 = 100;

/// Progress of a job that is done.
pub const MAX_PROGRESS: f64 = 100.0;

/// Maximum number of attempts of a job, and their number where none is given.
pub const MAX_ATTEMPTS: i32 = 100;
pub const DEFAULT_ATTEMPTS: i32 = 3;

/// Maximum seconds that an attempt may be limited to: a year.
pub const MAX_RUN_SECONDS: i32 = 365 * 24 * 60 * 60;

/// Maximum duration of a lease, in seconds: one day.
pub const MAX_LEASE_SECONDS: u32 = 24 * 60 * 60;

/// Maximum number of seconds that a job can have spent in a status: ten thousand years.
pub(super) const MAX_SECONDS: f64 = 3.2e11;

/// Maximum number of items of a job.
pub const MAX_ITEMS: usize = 10_000;

/// Maximum number of labels of a job, and of characters in the name of one.
pub const MAX_LABELS: usize = 16;
pub(super) const MAX_LABEL_CHARS: usize = 63;

/// Maximum number of characters in the name of a JSON member.
pub const MAX_MEMBER_NAME_CHARS: usize = 1024;

/// Maximum number of characters in a search text. The longer the text, the longer the comparison
/// with a text that almost contains it.
pub const MAX_TEXT_CHARS: usize = 100;
