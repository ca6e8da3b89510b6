//! Handler that lists the servers of the database.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, Operation, READ, operation},
    dto::ServerList,
};
use poem::Result;
use poem_openapi::{OpenApi, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[operation("list_servers", READ, Bound::Refused)];

pub struct Servers;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Health")]
impl Servers {
    /// List servers
    ///
    /// Returns the servers of this database with their versions, and whether each gave a sign of
    /// life lately.
    #[oai(path = "/servers", method = "get", operation_id = "list_servers")]
    async fn list_servers(&self, jobs: Acting) -> Result<Json<ServerList>> {
        let servers = jobs.list_servers().await?;
        Ok(Json(ServerList {
            servers: servers.into_iter().map(Into::into).collect(),
        }))
    }
}
