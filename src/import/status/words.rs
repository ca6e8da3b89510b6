//! Tables of status words: those of the known stores, and those of other systems.

use entity::{ItemStatus, JobStatus};

/// Words of the known stores for jobs.
pub const JOBS: [(&str, JobStatus); 11] = [
    ("queued", JobStatus::Queued),
    // vedo-pipeline, web2img, topclip and draftmaker: the task has not begun.
    ("pending", JobStatus::Queued),
    // web2img: the job waits for the time in `run_at`.
    ("scheduled", JobStatus::Queued),
    ("processing", JobStatus::Processing),
    // vedo-pipeline and draftmaker.
    ("running", JobStatus::Processing),
    // topclip: begun and not ended. Callsheet cannot pause; a job without a worker shows as stale.
    ("paused", JobStatus::Processing),
    ("completed", JobStatus::Completed),
    // web2img: the run ended, and the items show which of them failed.
    ("completed_with_errors", JobStatus::Completed),
    ("failed", JobStatus::Failed),
    // topclip has no other word for a job that failed.
    ("error", JobStatus::Failed),
    ("cancelled", JobStatus::Cancelled),
];

const QUEUED: [&str; 17] = [
    "waiting",
    "new",
    "created",
    "submitted",
    "enqueued",
    "in_queue",
    "accepted",
    "received",
    "not_started",
    "unstarted",
    "todo",
    "runnable",
    "delayed",
    "deferred",
    "postponed",
    "retry",
    "up_for_retry",
];
const PROCESSING: [&str; 23] = [
    "in_progress",
    "progress",
    "started",
    "starting",
    "active",
    "working",
    "executing",
    "rendering",
    "generating",
    "encoding",
    "transcoding",
    "downloading",
    "uploading",
    "initializing",
    "preparing",
    "finalizing",
    "busy",
    "ongoing",
    "underway",
    "claimed",
    "assigned",
    "progressing",
    "retrying",
];
/// Words of other systems for work that was done.
pub const COMPLETED: [&str; 19] = [
    "completed",
    "complete",
    "done",
    "finished",
    "success",
    "successful",
    "succeeded",
    "ok",
    "completed_successfully",
    "completed_with_warnings",
    "finished_with_errors",
    "done_with_errors",
    "partially_completed",
    "partial_success",
    "processed",
    "generated",
    "rendered",
    "passed",
    "cached",
];
const FAILED: [&str; 14] = [
    "fail",
    "failure",
    "errored",
    "crashed",
    "timeout",
    "timed_out",
    "dead",
    "expired",
    "exception",
    "broken",
    "rejected",
    "faulted",
    "unsuccessful",
    "errors",
];
const CANCELLED: [&str; 14] = [
    "canceled",
    "cancel",
    "aborted",
    "revoked",
    "stopped",
    "terminated",
    "killed",
    "discarded",
    "withdrawn",
    "cancelling",
    "canceling",
    "cancelled_by_user",
    "canceled_by_user",
    "user_cancelled",
];

const COUNT: usize =
    QUEUED.len() + PROCESSING.len() + COMPLETED.len() + FAILED.len() + CANCELLED.len();

/// Words of other systems for jobs.
pub const OTHER_JOBS: [(&str, JobStatus); COUNT] = {
    let mut table = [("", JobStatus::Queued); COUNT];
    let mut at = 0;
    let lists: [(&[&str], JobStatus); 5] = [
        (&COMPLETED, JobStatus::Completed),
        (&QUEUED, JobStatus::Queued),
        (&PROCESSING, JobStatus::Processing),
        (&FAILED, JobStatus::Failed),
        (&CANCELLED, JobStatus::Cancelled),
    ];
    let mut list = 0;
    while list < lists.len() {
        let (words, status) = lists[list];
        let mut word = 0;
        while word < words.len() {
            table[at] = (words[word], status);
            at += 1;
            word += 1;
        }
        list += 1;
    }
    table
};

/// Words of the known stores for items.
pub const ITEMS: [(&str, ItemStatus); 8] = [
    ("pending", ItemStatus::Pending),
    ("processing", ItemStatus::Processing),
    // The two steps of a shot that is being worked on.
    ("generating_frames", ItemStatus::Processing),
    ("generating_video", ItemStatus::Processing),
    ("completed", ItemStatus::Completed),
    // web2img's words for the end of an item.
    ("success", ItemStatus::Completed),
    ("error", ItemStatus::Failed),
    ("failed", ItemStatus::Failed),
];

/// Words of other systems that only items have; they also know those of jobs.
pub const OTHER_ITEMS: [(&str, ItemStatus); 5] = [
    ("skipped", ItemStatus::Skipped),
    ("skip", ItemStatus::Skipped),
    ("ignored", ItemStatus::Skipped),
    ("omitted", ItemStatus::Skipped),
    ("excluded", ItemStatus::Skipped),
];

/// Status of an item that has the word of a job. A cancelled item was not made, so it counts as
/// failed, as web2img has it.
pub fn of_part(status: JobStatus) -> ItemStatus {
    match status {
        JobStatus::Queued => ItemStatus::Pending,
        JobStatus::Processing => ItemStatus::Processing,
        JobStatus::Completed => ItemStatus::Completed,
        JobStatus::Failed | JobStatus::Cancelled => ItemStatus::Failed,
    }
}

/// Finds a word in any case of letters and with any separators: `In Progress` is `in_progress`.
/// Python writes a member of an enumeration with the name of the class, `JobStatus.DONE`.
pub fn look_up<T: Copy>(table: &[(&'static str, T)], raw: &str) -> Option<(&'static str, T)> {
    let raw = word(raw);
    let found = table.iter().find(|(known, _)| *known == raw);
    found
        .or_else(|| table.iter().find(|(known, _)| alike(known, raw)))
        .copied()
}

/// Returns the word without the blanks around it and the class before it.
pub fn word(raw: &str) -> &str {
    let raw = raw.trim();
    match raw.rsplit_once('.') {
        Some((class, word)) if !word.is_empty() && class.chars().all(char::is_alphanumeric) => word,
        _ => raw,
    }
}

/// Maximum difference in bytes of two words that differ in their separators.
const MAX_SEPARATORS: usize = 4;

/// Whether two words are the same but for case and separators.
pub fn alike(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        let plain = text.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
        plain.map(|c| c.to_ascii_lowercase()).collect()
    };
    a.len().abs_diff(b.len()) <= MAX_SEPARATORS && letters(a) == letters(b)
}
