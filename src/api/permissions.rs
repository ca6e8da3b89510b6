//! The table of which permission each operation needs. It stands beside [`super::contract`]: an
//! operation without a row here does not start.

use super::{
    bindings::{self, BINDINGS, Bound},
    contract::OPERATIONS,
    spec,
};
use crate::jobs::Permission::{self, *};
use entity::Role;
use poem::http::Method;
use std::sync::Arc;

/// What a call needs where callers have keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Public,
    /// Nothing for the status alone, a key for the rest.
    Status,
    /// Any key.
    Key,
    /// A key whose role has the permission.
    Permission(Permission),
}

const READ: Need = Need::Permission(JobsRead);
const CREATE: Need = Need::Permission(JobsCreate);
const CHANGE: Need = Need::Permission(JobsChange);
const DELETE: Need = Need::Permission(JobsDelete);
const REPORT: Need = Need::Permission(JobsReport);
const ACTIVE: Need = Need::Permission(ActiveWrite);
const SERIES: Need = Need::Permission(SeriesWrite);
const SCHEDULES: Need = Need::Permission(SchedulesWrite);
const WEBHOOKS_READ: Need = Need::Permission(WebhooksRead);
const WEBHOOKS: Need = Need::Permission(WebhooksManage);
const ACTIONS: Need = Need::Permission(ActionsRun);
const IMPORTS: Need = Need::Permission(ImportsRun);
const BACKUPS: Need = Need::Permission(BackupsRun);
const KEYS: Need = Need::Permission(KeysManage);

/// Every operation, with what a call of it needs.
pub const NEEDS: [(&str, Need); 112] = [
    ("generate_idea2video", CREATE),
    ("generate_script2video", CREATE),
    ("create_job", CREATE),
    ("create_jobs", CREATE),
    ("list_jobs", READ),
    ("count_jobs", READ),
    ("get_job", READ),
    ("update_job", CHANGE),
    ("delete_job", DELETE),
    ("start_job", REPORT),
    ("mark_completed", REPORT),
    ("mark_failed", REPORT),
    ("claim_jobs", Need::Permission(JobsClaim)),
    ("heartbeat", REPORT),
    ("release_job", REPORT),
    ("report_outcomes", REPORT),
    ("cancel_job", CHANGE),
    ("retry_job", CHANGE),
    ("recover_job", CHANGE),
    ("undo_job", CHANGE),
    ("retry_failed_items", CREATE),
    ("list_workers", READ),
    ("list_queues", READ),
    ("get_queue", READ),
    ("forecast_queue", READ),
    ("set_queue", Need::Permission(QueuesWrite)),
    ("get_progress", READ),
    ("update_progress", REPORT),
    ("update_shots", REPORT),
    ("list_shots", READ),
    ("get_shot", READ),
    ("update_shot", REPORT),
    ("create_media_link", READ),
    ("list_items", READ),
    ("report_items", REPORT),
    ("list_events", READ),
    ("stream_job_events", READ),
    ("stream_events", READ),
    ("get_stats", READ),
    ("list_active_jobs", READ),
    ("set_active_job", ACTIVE),
    ("remove_active_jobs", ACTIVE),
    ("start_action", ACTIONS),
    ("list_actions", READ),
    ("get_action", READ),
    ("abort_action", ACTIONS),
    ("undo_action", ACTIONS),
    ("list_action_outcomes", READ),
    ("create_schedule", SCHEDULES),
    ("list_schedules", READ),
    ("preview_schedule", READ),
    ("get_schedule", READ),
    ("update_schedule", SCHEDULES),
    ("delete_schedule", SCHEDULES),
    ("pause_schedule", SCHEDULES),
    ("resume_schedule", SCHEDULES),
    ("run_schedule", SCHEDULES),
    ("list_schedule_times", READ),
    ("create_webhook", WEBHOOKS),
    ("list_webhooks", WEBHOOKS_READ),
    ("get_webhook", WEBHOOKS_READ),
    ("update_webhook", WEBHOOKS),
    ("delete_webhook", WEBHOOKS),
    ("pause_webhook", WEBHOOKS),
    ("resume_webhook", WEBHOOKS),
    ("test_webhook", WEBHOOKS),
    ("rotate_webhook_secret", WEBHOOKS),
    ("replay_webhook", WEBHOOKS),
    ("list_webhook_deliveries", WEBHOOKS_READ),
    ("retry_webhook_delivery", WEBHOOKS),
    ("get_webhook_secret", CREATE),
    ("create_series", SERIES),
    ("list_series", READ),
    ("get_series", READ),
    ("update_series", SERIES),
    ("delete_series", SERIES),
    ("create_episode", SERIES),
    ("list_episodes", READ),
    ("get_episode", READ),
    ("update_episode", SERIES),
    ("delete_episode", SERIES),
    ("start_import", IMPORTS),
    ("list_imports", READ),
    ("get_import", READ),
    ("abort_import", IMPORTS),
    ("list_import_rejects", READ),
    ("preview_retention", READ),
    ("list_archives", READ),
    ("restore_job", CHANGE),
    ("list_backups", BACKUPS),
    ("back_up", BACKUPS),
    ("list_keys", KEYS),
    ("create_key", KEYS),
    ("revoke_key", KEYS),
    ("rotate_key", KEYS),
    ("list_audit", Need::Permission(AuditRead)),
    ("get_session", Need::Key),
    ("start_session", Need::Public),
    ("end_session", Need::Public),
    ("get_health", Need::Status),
    ("get_liveness", Need::Status),
    ("get_readiness", Need::Status),
    ("legacy_pipeline_idea2video", CREATE),
    ("legacy_pipeline_script2video", CREATE),
    ("legacy_get_pipeline_job", READ),
    ("legacy_list_pipeline_jobs", READ),
    ("legacy_cancel_pipeline_job", CHANGE),
    ("legacy_generate_video", CREATE),
    ("legacy_get_video_job", READ),
    ("legacy_list_video_jobs", READ),
    ("legacy_delete_video_job", DELETE),
    ("legacy_video_health", READ),
];

/// Returns what the operation needs; an operation without a row needs an admin.
fn need_of(id: &str) -> Need {
    let row = NEEDS.iter().find(|(known, _)| *known == id);
    row.map_or(KEYS, |(_, need)| *need)
}

/// Returns an error that names the operations without a row, if there are any.
pub fn check() -> Result<(), String> {
    let has_row = |id: &str| {
        NEEDS.iter().any(|(known, _)| *known == id)
            && BINDINGS.iter().any(|(known, _)| *known == id)
    };
    let served = spec::operation_ids().into_iter().map(|(_, _, id)| id);
    let listed = OPERATIONS.iter().map(|operation| operation.id.to_owned());
    let lost: Vec<_> = served.chain(listed).filter(|id| !has_row(id)).collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(format!(
        "no permission or no binding is set for {}",
        lost.join(", ")
    ))
}

/// Returns the codes of the operation's problems that say that the caller may not call it.
pub fn codes_of(id: &str) -> Vec<&'static str> {
    let mut codes = match need_of(id) {
        Need::Public | Need::Status => return Vec::new(),
        Need::Key => AUTH_CODES[..4].to_vec(),
        Need::Permission(_) => AUTH_CODES.to_vec(),
    };
    codes.extend(has_own_jobs_rule(id).then_some("not_own_job"));
    codes.extend(bindings::code_of(id));
    codes
}

/// Returns whether creators may call the operation only for the jobs that their key created.
pub fn has_own_jobs_rule(id: &str) -> bool {
    match need_of(id) {
        // It creates a job, from the items of one that is there.
        Need::Permission(permission) => {
            permission.is_of_own(Role::Creator) || id == "retry_failed_items"
        }
        _ => false,
    }
}

/// Codes that nearly every operation may return where callers have keys.
pub const AUTH_CODES: [&str; 5] = [
    "unauthenticated",
    "too_many_failures",
    "rate_limited",
    "too_many_waits",
    "role_missing",
];

/// An operation as a request finds it.
#[derive(Debug)]
pub struct Guarded {
    /// Parts of the path template between its slashes; a parameter is in braces.
    parts: Vec<String>,
    method: Method,
    pub id: Arc<str>,
    pub need: Need,
    pub bound: Bound,
}

impl Guarded {
    /// Returns the ids in the path of a call, joined by slashes; `None` if it has none.
    pub fn target(&self, path: &str) -> Option<String> {
        let pairs = self.parts.iter().zip(parts(path));
        let ids = pairs.filter(|(template, _)| is_parameter(template));
        let ids: Vec<&str> = ids.map(|(_, part)| part).collect();
        (!ids.is_empty()).then(|| ids.join("/"))
    }
}

/// Result of the search for an operation.
pub enum Found<'a> {
    Operation(&'a Guarded),
    /// The path takes other methods.
    OtherMethod,
    Nothing,
}

/// All operations, by the number of parts of their paths.
pub struct Needs(Vec<Vec<Guarded>>);

impl Needs {
    pub fn of_document() -> Self {
        let mut by_length: Vec<Vec<Guarded>> = Vec::new();
        for (path, method, id) in spec::operation_ids() {
            let parts: Vec<String> = parts(&path).map(str::to_owned).collect();
            let length = parts.len();
            if by_length.len() <= length {
                by_length.resize_with(length + 1, Vec::new);
            }
            let (need, bound) = (need_of(&id), bindings::bound_of(&id));
            by_length[length].push(Guarded {
                parts,
                method,
                id: id.into(),
                need,
                bound,
            });
        }
        // Templates with fewer parameters are more specific.
        for operations in &mut by_length {
            operations.sort_by_key(|one| one.parts.iter().filter(|p| is_parameter(p)).count());
        }
        Self(by_length)
    }

    pub fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let length = parts(path).count();
        let Some(operations) = self.0.get(length) else {
            return Found::Nothing;
        };
        let fits = |one: &&Guarded| {
            let mut pairs = one.parts.iter().zip(parts(path));
            pairs.all(|(template, part)| is_parameter(template) || template == part)
        };
        let Some(first) = operations.iter().find(fits) else {
            return Found::Nothing;
        };
        let mut of_template = operations.iter().filter(|one| one.parts == first.parts);
        of_template
            .find(|one| one.method == method)
            .map_or(Found::OtherMethod, Found::Operation)
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_row() {
        check().unwrap();
        for (i, (id, _)) in NEEDS.iter().enumerate() {
            assert!(
                !NEEDS[..i].iter().any(|(other, _)| other == id),
                "{id} twice"
            );
            assert!(
                OPERATIONS.iter().any(|one| one.id == *id),
                "{id} is no operation"
            );
        }
    }

    #[test]
    fn a_request_finds_the_most_specific_operation_of_its_path() {
        let needs = Needs::of_document();
        for (method, path, id) in [
            (Method::GET, "/api/v1/jobs", "list_jobs"),
            (Method::HEAD, "/api/v1/jobs/a", "get_job"),
            (Method::POST, "/api/v1/jobs/actions", "start_action"),
            (Method::POST, "/api/v1/keys/a/rotate", "rotate_key"),
            (Method::GET, "/health", "get_health"),
        ] {
            match needs.find(&method, path) {
                Found::Operation(found) => assert_eq!(&*found.id, id, "{method} {path}"),
                _ => panic!("{method} {path}"),
            }
        }
        assert!(matches!(
            needs.find(&Method::PUT, "/api/v1/jobs"),
            Found::OtherMethod
        ));
        assert!(matches!(
            needs.find(&Method::GET, "/api/v1/%6Aobs"),
            Found::Nothing
        ));
        assert!(matches!(
            needs.find(&Method::GET, "/api/v1/nothing"),
            Found::Nothing
        ));
    }
}
