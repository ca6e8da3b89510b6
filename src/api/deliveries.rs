//! Handlers of deliveries: messages to webhooks.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, Operation, WEBHOOKS, WEBHOOKS_READ, operation},
    dto::{Delivery, DeliveryList},
    json_bytes::JsonBytes,
    paging,
};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("list_webhook_deliveries", WEBHOOKS_READ, Bound::Refused)
        .codes(&["webhook_not_found"]),
    operation("retry_webhook_delivery", WEBHOOKS, Bound::Refused).codes(&["delivery_not_found"]),
];

pub struct Deliveries;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Webhooks")]
impl Deliveries {
    /// List the deliveries of a webhook
    ///
    /// Returns a page of the messages of the last 30 days, the newest first.
    #[oai(
        path = "/webhooks/:webhook_id/deliveries",
        method = "get",
        operation_id = "list_webhook_deliveries"
    )]
    async fn list_webhook_deliveries(
        &self,
        jobs: Acting,
        /// Id of the webhook.
        webhook_id: Path<String>,
        /// Only deliveries about this job.
        job_id: Query<Option<String>>,
        /// Maximum number of deliveries on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<DeliveryList>> {
        let before = paging::after(cursor.0, None)?;
        let limit = paging::limit(limit.0)?;
        let job_id = job_id.0.as_deref();
        let page = jobs.list_webhook_deliveries(&webhook_id.0, job_id, before, limit);
        let (rows, next) = page.await?;
        let next = next.map(|id| id.to_string());
        let list = DeliveryList {
            deliveries: rows.into_iter().map(Into::into).collect(),
            has_more: next.is_some(),
            next_cursor: next.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next))
    }

    /// Retry a delivery
    ///
    /// Makes a delivery due at once, whatever its state, with all of its attempts.
    #[oai(
        path = "/deliveries/:delivery_id/retry",
        method = "post",
        operation_id = "retry_webhook_delivery"
    )]
    async fn retry_webhook_delivery(
        &self,
        jobs: Acting,
        /// Id of the delivery.
        delivery_id: Path<i64>,
    ) -> Result<Json<Delivery>> {
        Ok(Json(
            jobs.retry_webhook_delivery(delivery_id.0).await?.into(),
        ))
    }
}
