//! Actions on all jobs that match a filter.

use super::{
    Tag,
    body::Body,
    dto::{Action, ActionList, ActionOutcomeKind, ActionOutcomeList, ActionPreview, NewAction},
    headers::IdempotencyKey,
    paging,
};
use crate::jobs::JobManager;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// The call that begins an action stands among those of jobs.
pub struct StartActions(pub JobManager);

pub struct Actions(pub JobManager);

#[derive(ApiResponse)]
enum Begun {
    /// What the action would come to: nothing was begun.
    #[oai(status = 200)]
    DryRun(Json<ActionPreview>),
    /// The action is begun.
    #[oai(status = 202)]
    Started(
        Json<Action>,
        /// Path of the action.
        #[oai(header = "Location")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1/jobs/actions", tag = "Tag::Actions")]
impl StartActions {
    /// Act on all jobs that match
    ///
    /// Cancels, retries, deletes or re-prioritises every job that matches the filter and was created until now, in the background, each
    /// as the call for one job would. With `dry_run`, counts what that would come to. May be repeated with the same Idempotency-Key: the
    /// action is begun once.
    #[oai(path = "/", method = "post", operation_id = "start_action")]
    async fn start_action(&self, key: IdempotencyKey, body: Body<NewAction>) -> Result<Begun> {
        let idempotency = key.of("start_action", body.text.as_deref());
        let (dry_run, confirm) = (body.value.dry_run, body.value.confirm);
        let new = body.value.into();
        if dry_run {
            idempotency.map_or(Ok(()), |given| given.check())?;
            return Ok(Begun::DryRun(Json(self.0.preview_action(&new).await?.into())));
        }
        let action = self.0.start_action(new, confirm, idempotency).await?;
        let location = format!("/api/v1/actions/{}", action.id);
        Ok(Begun::Started(Json(action.into()), location))
    }
}

#[OpenApi(prefix_path = "/api/v1/actions", tag = "Tag::Actions")]
impl Actions {
    /// List actions
    ///
    /// A page, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_actions")]
    async fn list_actions(
        &self,
        /// Rows of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ActionList>> {
        let (actions, next) = self.0.list_actions(paging::cursor(cursor.0)?, paging::limit(limit.0)?).await?;
        let actions = actions.into_iter().map(Into::into).collect();
        Ok(Json(ActionList { actions, next_cursor: next.map(|c| c.encode()) }))
    }

    /// Get an action
    ///
    /// How far it is: the counts step with each batch.
    #[oai(path = "/:action_id", method = "get", operation_id = "get_action")]
    async fn get_action(
        &self,
        /// Id of the action.
        action_id: Path<String>,
    ) -> Result<Json<Action>> {
        Ok(Json(self.0.get_action(&action_id.0).await?.into()))
    }

    /// Abort an action
    ///
    /// Stops it after the batch that it is at. What was done stays done; an action that has ended stays as it is.
    #[oai(path = "/:action_id/abort", method = "post", operation_id = "abort_action")]
    async fn abort_action(
        &self,
        /// Id of the action.
        action_id: Path<String>,
    ) -> Result<Json<Action>> {
        Ok(Json(self.0.abort_action(&action_id.0).await?.into()))
    }

    /// List outcomes
    ///
    /// What became of each job that the action met.
    #[oai(path = "/:action_id/outcomes", method = "get", operation_id = "list_action_outcomes")]
    async fn list_action_outcomes(
        &self,
        /// Id of the action.
        action_id: Path<String>,
        /// Only these outcomes.
        outcome: Query<Option<ActionOutcomeKind>>,
        /// `next_after` of the page before.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// Outcomes of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<Json<ActionOutcomeList>> {
        let limit = paging::limit(limit.0)?;
        let outcome = outcome.0.map(Into::into);
        let mut outcomes = self.0.list_action_outcomes(&action_id.0, outcome, after.0, limit + 1).await?;
        let more = outcomes.len() as u64 > limit;
        outcomes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_after = outcomes.last().filter(|_| more).map(|outcome| outcome.id);
        let outcomes = outcomes.into_iter().map(Into::into).collect();
        Ok(Json(ActionOutcomeList { action_id: action_id.0, outcomes, next_after }))
    }
}
