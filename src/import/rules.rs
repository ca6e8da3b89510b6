//! Rules that repair values, and their meanings, for the reader of a report. The code that applies
//! a rule says why.

use super::legacy::Repair;

/// Names and meanings of the rules, in alphabetical order. The names are stable, since scripts read
/// them.
const RULES: [(&str, &str); 32] = [
    (
        "cancelled_as_its_items_tell",
        "The job had ended, but its items show that it was cancelled; its status is now cancelled.",
    ),
    (
        "counter_recomputed",
        "A counter was recomputed from the items; its old value is in context.legacy.",
    ),
    (
        "end_of_an_unfinished_job_kept_aside",
        "An unfinished job had an end time, which was moved to context.legacy.",
    ),
    (
        "failed_as_all_its_items_did",
        "A job that was called completed failed: each of its items did.",
    ),
    (
        "failed_as_its_progress_tells",
        "The job was marked as waiting or running, but its progress key reports that it failed to \
        start; its status is now failed.",
    ),
    (
        "failed_as_its_result_tells",
        "A job that was called completed failed: its result says so.",
    ),
    (
        "fraction_above_1_taken_as_percent",
        "Progress above 1 in a store of fractions was taken as percent.",
    ),
    (
        "half_a_surrogate_pair_replaced",
        "An unpaired surrogate, which is not a character, was replaced by U+FFFD.",
    ),
    (
        "id_like_a_path_taken_as_it_is",
        "The id contains a slash or consists of dots; it was imported unchanged.",
    ),
    (
        "id_taken_from_the_file_name",
        "The record has no id; the name of its file was used.",
    ),
    (
        "inner_id_wins_over_key",
        "The record's id differs from its key; the id was used, and the key is in context.legacy.",
    ),
    (
        "interrupted_job_failed",
        "A processing job was marked as failed, as requested (--interrupted fail).",
    ),
    (
        "interrupted_job_queued",
        "A processing job was queued again, as requested (--interrupted requeue).",
    ),
    (
        "invalid_utf8_replaced",
        "Bytes that are not UTF-8 were replaced by U+FFFD.",
    ),
    (
        "large_number_kept_as_text",
        "An integer of more than 64 bits was stored as a string, to keep all its digits.",
    ),
    (
        "last_value_of_a_repeated_name_counts",
        "A name occurred more than once in an object; its last value was used.",
    ),
    (
        "missing_time_taken_from_the_other",
        "created_at or updated_at was missing; another time of the record was used.",
    ),
    (
        "missing_type_follows_from_the_record",
        "The record has no job type; it follows from its request, or from the path of its folder or \
        its result.",
    ),
    (
        "newest_record_of_the_id_counts",
        "The source has several records of the id; the newest updated_at counts, else the last record.",
    ),
    (
        "not_a_number_became_null",
        "NaN or an infinity, which JSON does not support, was replaced by null.",
    ),
    (
        "nul_replaced",
        "U+0000, which PostgreSQL cannot store, was replaced by U+FFFD.",
    ),
    (
        "progress_put_on_scale",
        "Progress outside 0 to 100, or stored as a string, was converted to a number from 0 to \
        100.",
    ),
    (
        "progress_recomputed",
        "Progress was recomputed from the status and the items; its old value is in \
        context.legacy.",
    ),
    (
        "repeated_key_numbered",
        "Items had the same key; the later ones were numbered, as in 0.2, so that each can be reported by its key.",
    ),
    (
        "reserved_name_replaced",
        "A member had the name $serde_json::private::RawValue, which could not be read back; it \
        was renamed.",
    ),
    (
        "result_wins_over_counter",
        "The result and the counter had different totals; that of the result was used.",
    ),
    (
        "secret_removed",
        "A password, key or token was replaced by [secret removed].",
    ),
    (
        "text_cut_to_its_column",
        "A text was cut to the length of its column; the full text is in context.legacy.",
    ),
    (
        "time_taken_from_the_file",
        "The record has no time; that of its file was used.",
    ),
    (
        "unknown_item_status_taken_as_pending",
        "The status of an item is not known; the item is pending. Name its meaning with --status.",
    ),
    (
        "unreadable_time_kept_aside",
        "A time was unreadable; its raw value is in context.legacy.",
    ),
    (
        "wrong_type_kept_aside",
        "A value had the wrong type for its field; it was moved to context.legacy.",
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
