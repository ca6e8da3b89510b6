//! Handlers of actions on all jobs that match a filter.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{ACTIONS, Bound, IDEMPOTENT, Operation, READ, operation},
    dto::{
        Action, ActionList, ActionOutcome, ActionOutcomeKind, ActionOutcomeList, ActionPreview,
        NewAction,
    },
    headers::IdempotencyKey,
    json_bytes::JsonBytes,
    paging,
    rows::Rows,
};
use crate::lifecycle::Cursor;
use entity::job_action;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::ToJSON,
};
use serde_json::json;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("start_action", ACTIONS, Bound::Jobs)
        .headers(IDEMPOTENT)
        .codes(&[
            "confirmation_required",
            "search_too_long",
            "idempotency_key_reused",
            "archive_unavailable",
        ]),
    operation("list_actions", READ, Bound::Action),
    operation("get_action", READ, Bound::Action).codes(&["action_not_found"]),
    operation("abort_action", ACTIONS, Bound::Action).codes(&["action_not_found"]),
    operation("undo_action", ACTIONS, Bound::Action).codes(&[
        "action_not_found",
        "action_running",
        "cannot_undo",
    ]),
    operation("list_action_outcomes", READ, Bound::Action).codes(&["action_not_found"]),
];

/// Handler that starts actions; it is separate because its path is under `/jobs`.
pub struct StartActions;

pub struct Actions;

#[derive(ApiResponse)]
enum StartActionResponse {
    /// Counts of the jobs that the action would change; no action was started.
    #[oai(status = 200)]
    DryRun(Json<ActionPreview>),
    /// The action has been started.
    #[oai(status = 202)]
    Started(
        Json<Action>,
        /// Path of the action.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum UndoActionResponse {
    /// The undo has been started, or was started before.
    #[oai(status = 202)]
    Started(
        Json<Action>,
        /// Path of the action that undoes this one.
        #[oai(header = "Location")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1/jobs/actions", tag = "Tag::Actions")]
impl StartActions {
    /// Act on all jobs that match
    ///
    /// Cancels, retries, deletes or re-prioritises every job that matches the filter and was
    /// created until now, or puts every archived job that matches back. The server does so in the
    /// background, for each job as the call for a single job would. With `dry_run` it only counts
    /// the jobs that would change. Repeating the call with the same `Idempotency-Key` starts no
    /// second action.
    #[oai(path = "/", method = "post", operation_id = "start_action")]
    async fn start_action(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<NewAction>,
    ) -> Result<StartActionResponse> {
        let idempotency = key.of("start_action", body.text.as_deref());
        let (dry_run, confirm) = (body.value.dry_run, body.value.confirm);
        let new = body.value.into();
        if dry_run {
            idempotency.map_or(Ok(()), |given| given.check())?;
            return Ok(StartActionResponse::DryRun(Json(
                jobs.preview_action(&new).await?.into(),
            )));
        }
        let action = jobs.start_action(new, confirm, idempotency).await?;
        let location = format!("/api/v1/actions/{}", action.id);
        Ok(StartActionResponse::Started(Json(action.into()), location))
    }
}

#[OpenApi(prefix_path = "/api/v1/actions", tag = "Tag::Actions")]
impl Actions {
    /// List actions
    ///
    /// Returns a page of actions, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_actions")]
    async fn list_actions(
        &self,
        jobs: Acting,
        /// Maximum number of actions on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<ActionList>> {
        let (limit, after) = (paging::limit(limit.0)?, paging::cursor(cursor.0)?);
        let mut rows = Rows::new("actions");
        let read = |after, limit| jobs.list_actions(after, limit);
        let place = |action: &job_action::Model| Cursor {
            created_at: action.created_at,
            id: action.id.clone(),
        };
        let write = |action| Action::from(action).to_json_string();
        let next = rows.fill(limit, after, read, place, write).await?;
        Ok(rows.end_page(json!({}), next.map(|c| c.encode())))
    }

    /// Get an action
    ///
    /// Returns an action and its progress; its counts grow with each batch.
    #[oai(path = "/:action_id", method = "get", operation_id = "get_action")]
    async fn get_action(
        &self,
        jobs: Acting,
        /// Id of the action.
        action_id: Path<String>,
    ) -> Result<Json<Action>> {
        Ok(Json(jobs.get_action(&action_id.0).await?.into()))
    }

    /// Abort an action
    ///
    /// Stops an action after its current batch. The changes made until then remain. An action that
    /// has ended stays as it is.
    #[oai(
        path = "/:action_id/abort",
        method = "post",
        operation_id = "abort_action"
    )]
    async fn abort_action(
        &self,
        jobs: Acting,
        /// Id of the action.
        action_id: Path<String>,
    ) -> Result<Json<Action>> {
        Ok(Json(jobs.abort_action(&action_id.0).await?.into()))
    }

    /// Undo an action
    ///
    /// Starts an action that puts back what this one replaced in each job: its status, error,
    /// result, time, priority and attempts. A job that has changed since, for example because a
    /// worker has it, stays as it is; the outcomes of the new action say which and why. Deleted
    /// jobs cannot be put back. A repeated call returns the undo that there is.
    #[oai(
        path = "/:action_id/undo",
        method = "post",
        operation_id = "undo_action"
    )]
    async fn undo_action(
        &self,
        jobs: Acting,
        /// Id of the action.
        action_id: Path<String>,
    ) -> Result<UndoActionResponse> {
        let undo = jobs.undo_action(&action_id.0).await?;
        let location = format!("/api/v1/actions/{}", undo.id);
        Ok(UndoActionResponse::Started(Json(undo.into()), location))
    }

    /// List outcomes
    ///
    /// Returns the outcome for each job that the action has handled.
    #[oai(
        path = "/:action_id/outcomes",
        method = "get",
        operation_id = "list_action_outcomes"
    )]
    async fn list_action_outcomes(
        &self,
        jobs: Acting,
        /// Id of the action.
        action_id: Path<String>,
        /// Only outcomes of this kind.
        outcome: Query<Option<ActionOutcomeKind>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Same as `cursor`, for older clients: `next_after` of the previous page.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// Maximum number of outcomes on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<JsonBytes<ActionOutcomeList>> {
        let limit = paging::limit(limit.0)?;
        let after = paging::after(cursor.0, after.0)?;
        let outcome = outcome.0.map(Into::into);
        let mut rows = Rows::new("outcomes");
        let read = |after, limit| jobs.list_action_outcomes(&action_id.0, outcome, after, limit);
        let write = |outcome| ActionOutcome::from(outcome).to_json_string();
        let next_after = rows
            .fill(limit, after, read, |outcome| outcome.id, write)
            .await?;
        Ok(rows.end_numbered(json!({"action_id": action_id.0}), next_after))
    }
}
