//! Mapping from a store's word to a status. The raw word stays in `source_status` (of a job) or
//! `result.status` (of an item).

use super::reject::{Reason, Reject};
use entity::{ItemStatus, JobStatus};
use serde_json::Value;

const JOBS: [(&str, JobStatus); 11] = [
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

const ITEMS: [(&str, ItemStatus); 8] = [
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

/// Returns the job's status and its raw word, in any case of letters. An unknown word is rejected,
/// since every guess would either redo or abandon work.
pub fn of_job(raw: Option<Value>) -> Result<(JobStatus, String), Reject> {
    let raw = match raw {
        Some(Value::String(raw)) => raw,
        Some(other) => {
            return Err(unknown(format!(
                "The status is {other}; it has to be a word"
            )));
        }
        None => return Err(unknown("The record has no status")),
    };
    let found = look_up(&JOBS, &raw)
        .ok_or_else(|| unknown(format!("The status `{}` is not known", shown(&raw))))?;
    Ok((found, raw))
}

/// Returns the item's status. An unknown word counts as pending: work that may be unfinished can be
/// repeated.
pub fn of_item(raw: Option<&str>) -> ItemStatus {
    raw.and_then(|raw| look_up(&ITEMS, raw))
        .unwrap_or(ItemStatus::Pending)
}

/// Returns the status of an item of which the store kept only the success, as a boolean or as 1 and
/// 0.
pub fn of_success(raw: Option<&Value>) -> ItemStatus {
    match raw {
        Some(Value::Bool(true)) => ItemStatus::Completed,
        Some(Value::Bool(false)) => ItemStatus::Failed,
        Some(Value::Number(n)) if n.as_f64() == Some(0.0) => ItemStatus::Failed,
        Some(Value::Number(_)) => ItemStatus::Completed,
        _ => ItemStatus::Pending,
    }
}

fn look_up<T: Copy>(table: &[(&str, T)], raw: &str) -> Option<T> {
    let raw = raw.trim();
    table
        .iter()
        .find(|(word, _)| raw.eq_ignore_ascii_case(word))
        .map(|(_, status)| *status)
}

fn unknown(what: impl Into<String>) -> Reject {
    let words: Vec<_> = JOBS.iter().map(|(word, _)| *word).collect();
    Reject::new(
        Reason::UnknownStatus,
        format!("{}. Known are: {}.", what.into(), words.join(", ")),
    )
}

fn shown(raw: &str) -> String {
    raw.chars().take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_pipelines_words_are_synonyms() {
        assert_eq!(
            of_job(Some("pending".into())),
            Ok((JobStatus::Queued, "pending".into()))
        );
        assert_eq!(
            of_job(Some("running".into())),
            Ok((JobStatus::Processing, "running".into()))
        );
    }

    #[test]
    fn a_missing_unknown_or_wordless_status_is_reported() {
        for raw in [
            None,
            Some("archived".into()),
            Some("".into()),
            Some(3.into()),
        ] {
            assert_eq!(of_job(raw).unwrap_err().reason, Reason::UnknownStatus);
        }
    }

    proptest! {
        #[test]
        fn the_case_of_a_word_does_not_matter_and_the_raw_one_is_kept(row in 0usize..JOBS.len(), upper: [bool; 24]) {
            let (word, status) = JOBS[row];
            let change = |(c, up): (char, &bool)| if *up { c.to_ascii_uppercase() } else { c };
            let raw: String = word.chars().zip(upper.iter().cycle()).map(change).collect();
            prop_assert_eq!(of_job(Some(raw.clone().into())), Ok((status, raw)));
        }

        #[test]
        fn an_item_is_completed_only_when_its_word_says_so(raw in ".*") {
            let said = |word: &str| raw.trim().eq_ignore_ascii_case(word);
            prop_assume!(!said("completed") && !said("success"));
            prop_assert_ne!(of_item(Some(&raw)), ItemStatus::Completed);
        }
    }
}
