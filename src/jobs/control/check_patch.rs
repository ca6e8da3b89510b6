//! Checks of the fields of a patch.

use crate::{
    error::Result,
    jobs::{
        control::job_patch::JobPatch,
        validate::{self, pointer::JsonPath},
        work::progress::check_counts,
    },
};

/// Checks the bounds of the fields that the patch sets.
///
/// Errors: `invalid_request`.
pub(super) fn check(patch: &JobPatch) -> Result<()> {
    let mut checks = validate::Checks::default();
    let text = |field: &'static str,
                value: &Option<Option<String>>,
                max,
                checks: &mut validate::Checks| {
        checks.text(field, value.as_ref().and_then(Option::as_deref), max);
    };
    text("/mode", &patch.mode, validate::MAX_MODE_CHARS, &mut checks);
    text("/content", &patch.content, usize::MAX, &mut checks);
    text(
        "/user_requirement",
        &patch.user_requirement,
        usize::MAX,
        &mut checks,
    );
    text(
        "/style",
        &patch.style,
        validate::MAX_SHORT_CHARS,
        &mut checks,
    );
    text(
        "/project_title",
        &patch.project_title,
        validate::MAX_SHORT_CHARS,
        &mut checks,
    );
    text(
        "/current_stage",
        &patch.current_stage,
        validate::MAX_SHORT_CHARS,
        &mut checks,
    );
    text(
        "/working_dir",
        &patch.working_dir,
        validate::MAX_DIR_CHARS,
        &mut checks,
    );
    text("/error", &patch.error, usize::MAX, &mut checks);
    text(
        "/episode_id",
        &patch.episode_id,
        validate::MAX_PARENT_ID_CHARS,
        &mut checks,
    );
    text(
        "/series_id",
        &patch.series_id,
        validate::MAX_PARENT_ID_CHARS,
        &mut checks,
    );
    checks.object(
        "/request_data",
        patch.request_data.as_ref().and_then(Option::as_ref),
    );
    checks.object("/context", patch.context.as_ref().and_then(Option::as_ref));
    checks.object("/result", patch.result.as_ref().and_then(Option::as_ref));
    checks.range("/progress", patch.progress, 0.0, validate::MAX_PROGRESS);
    check_counts(&mut checks, patch.total_shots, patch.completed_shots);
    checks.range(
        "/priority",
        patch.priority,
        validate::MIN_PRIORITY,
        validate::MAX_PRIORITY,
    );
    checks.range(
        "/max_attempts",
        patch.max_attempts,
        1,
        validate::MAX_ATTEMPTS,
    );
    checks.range(
        "/max_run_seconds",
        patch.max_run_seconds.flatten(),
        1,
        validate::MAX_RUN_SECONDS,
    );
    checks.time("/run_at", patch.run_at.flatten());
    for key in patch
        .labels
        .iter()
        .flatten()
        .flat_map(|labels| labels.keys())
    {
        if checks.is_full() {
            break;
        }
        checks.label_key(JsonPath::Root(&"/labels"), key);
    }
    checks.finish()
}
