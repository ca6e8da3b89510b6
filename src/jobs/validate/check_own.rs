//! Validation of the rows that belong to an imported job: its items, its history, its series and
//! episode, and the lists of active jobs that it is on.

use crate::{
    db::write::OwnRows,
    jobs::{
        MAX_KEY_NAME_CHARS,
        validate::{self, Checks, MAX_WORD_CHARS},
    },
    lifecycle::{MAX_ATTEMPT, MAX_INDEX, MAX_VERSION},
};
use entity::{job_event, job_item};

pub(super) fn check_item(checks: &mut Checks, pointer: &str, item: &job_item::Model) {
    let at = |field: &str| format!("{pointer}/{field}");
    checks.text(at("key"), Some(&item.key), validate::MAX_KEY_CHARS);
    checks.text(at("error"), item.error.as_deref(), usize::MAX);
    checks.range(at("idx"), Some(item.idx), 0, MAX_INDEX);
    checks.range(at("attempt"), Some(item.attempt), 0, MAX_ATTEMPT);
    checks.time(at("created_at"), Some(item.created_at));
    checks.time(at("updated_at"), Some(item.updated_at));
    checks.time(at("started_at"), item.started_at);
    checks.time(at("completed_at"), item.completed_at);
}

pub(super) fn check_own(checks: &mut Checks, own: &OwnRows) {
    for (i, event) in own.history.iter().enumerate() {
        check_event(checks, &format!("/events/{i}"), event);
    }
    for series in &own.series {
        checks.name(
            "/series/series_id",
            &series.id,
            validate::MAX_PARENT_ID_CHARS,
        );
        checks.text(
            "/series/title",
            Some(&series.title),
            validate::MAX_SHORT_CHARS,
        );
        checks.time("/series/created_at", Some(series.created_at));
    }
    if let Some(episode) = &own.episode {
        checks.name(
            "/episode/episode_id",
            &episode.id,
            validate::MAX_PARENT_ID_CHARS,
        );
        checks.text(
            "/episode/title",
            episode.title.as_deref(),
            validate::MAX_SHORT_CHARS,
        );
        checks.range("/episode/number", episode.number, 0, i32::MAX);
        checks.time("/episode/created_at", Some(episode.created_at));
    }
    for (i, active) in own.active.iter().enumerate() {
        let at = |field: &str| format!("/active_jobs/{i}/{field}");
        checks.name(
            at("client_id"),
            &active.client_id,
            validate::MAX_WORKER_ID_CHARS,
        );
        checks.text(
            at("title"),
            active.title.as_deref(),
            validate::MAX_SHORT_CHARS,
        );
        checks.time(at("created_at"), Some(active.created_at));
    }
}

fn check_event(checks: &mut Checks, pointer: &str, event: &job_event::Model) {
    let at = |field: &str| format!("{pointer}/{field}");
    // Streams use the kind as the name of their messages.
    if !(1..=MAX_WORD_CHARS).contains(&event.kind.len())
        || !event
            .kind
            .chars()
            .all(|c| c.is_ascii_lowercase() || c == '_')
    {
        checks.fail(
            at("kind"),
            "invalid_name",
            format!("Use 1 to {MAX_WORD_CHARS} of the characters a-z _ as the kind of an event."),
        );
    }
    checks.text(
        at("current_stage"),
        event.current_stage.as_deref(),
        validate::MAX_SHORT_CHARS,
    );
    checks.range(at("seq"), Some(event.seq), 1, MAX_VERSION);
    checks.range(
        at("progress"),
        Some(event.progress),
        0.0,
        validate::MAX_PROGRESS,
    );
    checks.range(at("total_shots"), Some(event.total_shots), 0, i32::MAX);
    checks.range(
        at("completed_shots"),
        Some(event.completed_shots),
        0,
        i32::MAX,
    );
    checks.range(at("seconds"), event.seconds, 0.0, validate::MAX_SECONDS);
    checks.time(at("created_at"), Some(event.created_at));
    checks.text(
        at("by/key_id"),
        event.by_key.as_deref(),
        validate::MAX_KEY_ID_CHARS,
    );
    checks.text(at("by/name"), event.by_name.as_deref(), MAX_KEY_NAME_CHARS);
}
