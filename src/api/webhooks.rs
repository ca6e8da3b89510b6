//! Handlers of webhooks: endpoints that are sent what happens to jobs.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, CREATE, Operation, WEBHOOKS, WEBHOOKS_READ, operation},
    dto::{Delivery, NewWebhook, ReplayWebhook, Webhook, WebhookList, WebhookPatch, WebhookSecret},
    json_bytes::JsonBytes,
    paging,
    series::Gone,
};
use crate::jobs::ReplayFrom;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    // They are sent the events of all jobs.
    operation("create_webhook", WEBHOOKS, Bound::Refused),
    operation("list_webhooks", WEBHOOKS_READ, Bound::Refused),
    operation("get_webhook", WEBHOOKS_READ, Bound::Refused).codes(&["webhook_not_found"]),
    operation("update_webhook", WEBHOOKS, Bound::Refused)
        .codes(&["webhook_not_found", "webhook_of_jobs"]),
    operation("delete_webhook", WEBHOOKS, Bound::Refused)
        .codes(&["webhook_not_found", "webhook_of_jobs"]),
    operation("pause_webhook", WEBHOOKS, Bound::Refused).codes(&["webhook_not_found"]),
    operation("resume_webhook", WEBHOOKS, Bound::Refused).codes(&["webhook_not_found"]),
    operation("test_webhook", WEBHOOKS, Bound::Refused)
        .codes(&["webhook_not_found", "webhook_of_jobs"]),
    operation("rotate_webhook_secret", WEBHOOKS, Bound::Refused).codes(&["webhook_not_found"]),
    operation("replay_webhook", WEBHOOKS, Bound::Refused).codes(&["webhook_not_found"]),
    // Each binding has a secret of its own.
    operation("get_webhook_secret", CREATE, Bound::Jobs),
];

pub struct Webhooks;

#[derive(ApiResponse)]
enum CreatedWebhook {
    /// The created webhook, with its secret.
    #[oai(status = 201)]
    Created(
        Json<Webhook>,
        /// Path of the webhook.
        #[oai(header = "Location")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Webhooks")]
impl Webhooks {
    /// Create a webhook
    ///
    /// Creates a webhook, whose endpoint is sent what happens to jobs from now on, signed as
    /// Standard Webhooks. The answer has the secret to verify the signatures with; no other answer
    /// has it.
    #[oai(path = "/webhooks", method = "post", operation_id = "create_webhook")]
    async fn create_webhook(&self, jobs: Acting, body: Body<NewWebhook>) -> Result<CreatedWebhook> {
        let row = jobs.create_webhook(body.value.into()).await?;
        let location = format!("/api/v1/webhooks/{}", row.id);
        let webhook = Webhook::with_secret(jobs.with_backlog(row).await?);
        Ok(CreatedWebhook::Created(Json(webhook), location))
    }

    /// List webhooks
    ///
    /// Returns a page of webhooks, in the order of their creation.
    #[oai(path = "/webhooks", method = "get", operation_id = "list_webhooks")]
    async fn list_webhooks(
        &self,
        jobs: Acting,
        /// Maximum number of webhooks on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<WebhookList>> {
        let after = paging::name_cursor(cursor.0)?;
        let (rows, next) = jobs.list_webhooks(after, paging::limit(limit.0)?).await?;
        let list = WebhookList {
            webhooks: rows.into_iter().map(Into::into).collect(),
            has_more: next.is_some(),
            next_cursor: next.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next))
    }

    /// Get a webhook
    ///
    /// Returns a webhook with its state, and how far it is behind.
    #[oai(
        path = "/webhooks/:webhook_id",
        method = "get",
        operation_id = "get_webhook"
    )]
    async fn get_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
    ) -> Result<Json<Webhook>> {
        Ok(Json(jobs.get_webhook(&webhook_id.0).await?.into()))
    }

    /// Change a webhook
    ///
    /// Changes the given fields. Deliveries that wait are sent to the new URL.
    #[oai(
        path = "/webhooks/:webhook_id",
        method = "patch",
        operation_id = "update_webhook"
    )]
    async fn update_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
        body: Body<WebhookPatch>,
    ) -> Result<Json<Webhook>> {
        let row = jobs
            .update_webhook(&webhook_id.0, body.value.into())
            .await?;
        Ok(Json(jobs.with_backlog(row).await?.into()))
    }

    /// Delete a webhook
    ///
    /// Deletes a webhook with its deliveries.
    #[oai(
        path = "/webhooks/:webhook_id",
        method = "delete",
        operation_id = "delete_webhook"
    )]
    async fn delete_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
    ) -> Result<Gone> {
        jobs.delete_webhook(&webhook_id.0).await?;
        Ok(Gone::Gone)
    }

    /// Pause a webhook
    ///
    /// It is sent nothing until it is resumed, and then all that happened meanwhile.
    #[oai(
        path = "/webhooks/:webhook_id/pause",
        method = "post",
        operation_id = "pause_webhook"
    )]
    async fn pause_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
    ) -> Result<Json<Webhook>> {
        let row = jobs.pause_webhook(&webhook_id.0).await?;
        Ok(Json(jobs.with_backlog(row).await?.into()))
    }

    /// Resume a webhook
    ///
    /// Resumes a webhook that was paused, or that the server disabled. It is sent all that happened
    /// meanwhile; deliveries that wait are due at once.
    #[oai(
        path = "/webhooks/:webhook_id/resume",
        method = "post",
        operation_id = "resume_webhook"
    )]
    async fn resume_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
    ) -> Result<Json<Webhook>> {
        let row = jobs.resume_webhook(&webhook_id.0).await?;
        Ok(Json(jobs.with_backlog(row).await?.into()))
    }

    /// Test a webhook
    ///
    /// Sends a message of the kind `webhook.test` at once, also to a webhook that is not active,
    /// and returns the outcome. The call takes up to 15 seconds.
    #[oai(
        path = "/webhooks/:webhook_id/test",
        method = "post",
        operation_id = "test_webhook"
    )]
    async fn test_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
    ) -> Result<Json<Delivery>> {
        Ok(Json(jobs.test_webhook(&webhook_id.0).await?.into()))
    }

    /// Rotate the secret of a webhook
    ///
    /// Gives the webhook a new secret, and returns it; no other answer has it. For 24 hours,
    /// messages have a signature under the former secret as well.
    #[oai(
        path = "/webhooks/:webhook_id/rotate-secret",
        method = "post",
        operation_id = "rotate_webhook_secret"
    )]
    async fn rotate_webhook_secret(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
    ) -> Result<Json<Webhook>> {
        let row = jobs.rotate_webhook_secret(&webhook_id.0).await?;
        Ok(Json(Webhook::with_secret(jobs.with_backlog(row).await?)))
    }

    /// Replay to a webhook
    ///
    /// Sends again what happened from a position or a time on, with the same message ids. Events
    /// whose history was deleted are sent only if they were sent before, in the last 30 days.
    #[oai(
        path = "/webhooks/:webhook_id/replay",
        method = "post",
        operation_id = "replay_webhook"
    )]
    async fn replay_webhook(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
        body: Body<ReplayWebhook>,
    ) -> Result<Json<Webhook>> {
        let from = ReplayFrom::try_from(body.value)?;
        let row = jobs.replay_webhook(&webhook_id.0, from).await?;
        Ok(Json(jobs.with_backlog(row).await?.into()))
    }

    /// Get the secret of the webhooks of jobs
    ///
    /// Returns the secret with which to verify messages about jobs that the caller creates with a
    /// `webhook` of their own. Keys that are bound to the same types and labels have one secret,
    /// those without a binding another.
    #[oai(
        path = "/webhook-secret",
        method = "get",
        operation_id = "get_webhook_secret"
    )]
    async fn get_webhook_secret(&self, jobs: Acting) -> Result<Json<WebhookSecret>> {
        let secret = jobs.get_webhook_secret().await?;
        Ok(Json(WebhookSecret { secret }))
    }
}
