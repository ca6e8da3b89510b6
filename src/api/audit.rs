//! Handler of the audit: who called what that changes something.

use super::{
    Tag,
    auth::Acting,
    contract::{AUDIT, Bound, Operation, operation},
    dto::{AuditEntry, AuditList},
    json_bytes::JsonBytes,
    paging,
    rows::Rows,
};
use crate::{jobs::AuditFilter, lifecycle::Cursor};
use chrono::{DateTime, Utc};
use entity::audit;
use poem::Result;
use poem_openapi::{OpenApi, param::Query, types::ToJSON};
use serde_json::json;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[operation("list_audit", AUDIT, Bound::Refused)];

pub struct Audit;

#[OpenApi(prefix_path = "/api/v1/audit", tag = "Tag::Keys")]
impl Audit {
    /// List audited calls
    ///
    /// Returns the calls of the last 90 days that changed something or tried to, newest first, on a
    /// server whose callers have keys. Calls alike, such as heartbeats, share an entry, which is
    /// stored within a minute; other calls are stored within two seconds, and changes of keys
    /// together with the change.
    #[oai(path = "/", method = "get", operation_id = "list_audit")]
    async fn list_audit(
        &self,
        jobs: Acting,
        /// Only calls with this key.
        key_id: Query<Option<String>>,
        /// Only calls of this operation, by its id in the OpenAPI document.
        operation: Query<Option<String>>,
        /// Only calls at this time or later.
        since: Query<Option<DateTime<Utc>>>,
        /// Maximum number of entries on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<AuditList>> {
        let (limit, after) = (paging::limit(limit.0)?, paging::cursor(cursor.0)?);
        let filter = AuditFilter {
            key_id: key_id.0,
            operation: operation.0,
            since: since.0,
        };
        let mut rows = Rows::new("entries");
        let read = |after, limit| jobs.list_audit(&filter, after, limit);
        let place = |row: &audit::Model| Cursor {
            created_at: row.at,
            id: row.id.clone(),
        };
        let write = |row| AuditEntry::from(row).to_json_string();
        let next = rows.fill(limit, after, read, place, write).await?;
        Ok(rows.end_page(json!({}), next.map(|c| c.encode())))
    }
}
