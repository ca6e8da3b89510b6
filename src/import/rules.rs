//! Rules that repair values, and their meanings, for the reader of a report. The code that applies
//! a rule says why.

use super::legacy::Repair;

/// Names and meanings of the rules, in alphabetical order. The names are stable, since scripts read
/// them.
const RULES: [(&str, &str); 24] = [
    (
        "cancelled_as_its_items_tell",
        "A job that had ended was cancelled: its items say so.",
    ),
    (
        "counter_recomputed",
        "A counter was counted anew from the items; what it said is kept in context.legacy.",
    ),
    (
        "end_of_an_unfinished_job_kept_aside",
        "A job that has not ended had an end; it is kept in context.legacy.",
    ),
    (
        "failed_as_all_its_items_did",
        "A job that was called completed failed: each of its items did.",
    ),
    (
        "failed_as_its_progress_tells",
        "A job that seemed to wait failed to start: its progress says so.",
    ),
    (
        "failed_as_its_result_tells",
        "A job that was called completed failed: its result says so.",
    ),
    (
        "half_a_surrogate_pair_replaced",
        "Half of a surrogate pair, which is no character, became U+FFFD.",
    ),
    (
        "id_like_a_path_taken_as_it_is",
        "The id has a slash or nothing but dots in it; it was taken as it is.",
    ),
    (
        "inner_id_wins_over_key",
        "The id in the record counts and not the key, which is kept in context.legacy.",
    ),
    (
        "interrupted_job_failed",
        "A job that was processing failed, as was asked for.",
    ),
    (
        "interrupted_job_queued",
        "A job that was processing is queued again, as was asked for.",
    ),
    (
        "invalid_utf8_replaced",
        "Bytes that are no UTF-8 became U+FFFD.",
    ),
    (
        "large_number_kept_as_text",
        "A whole number of more than 64 bits became a text: a number would lose digits.",
    ),
    (
        "last_value_of_a_repeated_name_counts",
        "A name stood in an object more than once; its last value counts.",
    ),
    (
        "missing_time_taken_from_the_other",
        "One of created_at and updated_at was missing; the other stands for both.",
    ),
    (
        "not_a_number_became_null",
        "NaN or an infinity, which JSON does not have, became null.",
    ),
    (
        "nul_replaced",
        "U+0000, which PostgreSQL can't hold, became U+FFFD.",
    ),
    (
        "progress_put_on_scale",
        "Progress below 0, above 100 or written as a text became a number from 0 to 100.",
    ),
    (
        "progress_recomputed",
        "Progress follows from the status and the items; what it said is kept in context.legacy.",
    ),
    (
        "result_wins_over_counter",
        "The result tells another total than the counter, and counts.",
    ),
    (
        "secret_removed",
        "A password, key or token was replaced by a marker.",
    ),
    (
        "text_cut_to_its_column",
        "A text was too long for its column; the whole of it is kept in context.legacy.",
    ),
    (
        "unreadable_time_kept_aside",
        "A time could not be read; it is kept in context.legacy.",
    ),
    (
        "wrong_type_kept_aside",
        "A value was of another kind than its field's; it is kept in context.legacy.",
    ),
];

/// Repair by the rule of this name, which another process sent; `None` when there is no such rule.
pub fn repair(field: String, rule: &str) -> Option<Repair> {
    RULES
        .iter()
        .find(|(name, _)| *name == rule)
        .map(|(rule, _)| Repair { field, rule })
}

/// Sentence about the rule; empty when there is no such rule.
pub fn meaning(rule: &str) -> &'static str {
    RULES
        .iter()
        .find(|(name, _)| *name == rule)
        .map_or("", |(_, meaning)| meaning)
}
