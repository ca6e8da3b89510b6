//! Handlers of imports: each loads a dump of an older store, or an export of Callsheet, in the
//! background.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, IMPORTS, Operation, READ, operation},
    dto::{Import, ImportList, ImportReject, ImportRejectList},
    json_bytes::JsonBytes,
    paging::{self, wrong},
    rows::Rows,
    upload::Upload,
};
use crate::{
    import::{Background, Options},
    jobs::no_nul_parameter,
    lifecycle::Cursor,
};
use chrono_tz::Tz;
use entity::import;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::ToJSON,
};
use serde_json::json;
use std::str::FromStr;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("start_import", IMPORTS, Bound::Refused),
    operation("list_imports", READ, Bound::Refused),
    operation("get_import", READ, Bound::Refused).codes(&["import_not_found"]),
    operation("abort_import", IMPORTS, Bound::Refused).codes(&["import_not_found"]),
    operation("list_import_rejects", READ, Bound::Refused).codes(&["import_not_found"]),
];

/// Name of an upload in the report if the sender gives none.
const DEFAULT_FILE_NAME: &str = "upload";

pub struct Imports {
    pub background: Background,
}

#[derive(ApiResponse)]
enum StartedImport {
    /// The upload is complete, and the import is running or waiting for its turn.
    #[oai(status = 202)]
    Started(
        Json<Import>,
        /// Path of the import.
        #[oai(header = "Location")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1/imports", tag = "Tag::Imports")]
impl Imports {
    /// Start an import
    ///
    /// Takes one dump: JSON, JSON Lines or a SQLite file of an older store, or an export of
    /// Callsheet, compressed or not. The server responds as soon as it has received all of it, and
    /// imports it in the background. At most 2 imports run at once, 16 wait, and 4 uploads are
    /// received; the server refuses more with `overloaded`.
    #[oai(path = "/", method = "post", operation_id = "start_import")]
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a parameter of the document"
    )]
    async fn start_import(
        &self,
        jobs: Acting,
        /// Older store from which the dump was made; by default the importer recognises each record
        /// by its fields.
        from: Query<Option<String>>,
        /// Time zone of local times without a zone, as the IANA time zone database names it, e.g.
        /// `America/New_York`; UTC by default.
        source_tz: Query<Option<String>>,
        /// Treatment of jobs that were processing in a store whose process is gone; `keep` by
        /// default.
        interrupted: Query<Option<String>>,
        /// Treatment of a record whose job id exists already; `skip` by default.
        on_conflict: Query<Option<String>>,
        /// Whether to only read and check the dump and write the report, without importing
        /// anything.
        dry_run: Query<Option<bool>>,
        /// Name of the dump in the report, at most 255 characters.
        file_name: Query<Option<String>>,
        dump: Upload,
    ) -> Result<StartedImport> {
        let name = file_name
            .0
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT_FILE_NAME.to_owned());
        if name.chars().count() > 255 {
            return Err(wrong(
                "file_name",
                "too_long",
                "Use at most 255 characters.",
            ));
        }
        no_nul_parameter("file_name", &name)?;
        let options = Options {
            source: word("from", from.0)?,
            source_tz: word("source_tz", source_tz.0)?.unwrap_or(Tz::UTC),
            interrupted: word("interrupted", interrupted.0)?.unwrap_or_default(),
            on_conflict: word("on_conflict", on_conflict.0)?.unwrap_or_default(),
            dry_run: dry_run.0.unwrap_or_default(),
            shown_as: Some(name),
            ..Options::new(vec![dump.path])
        };
        let id = self
            .background
            .acting(&jobs)
            .start(options, dump.place, dump.folder)
            .await?;
        let import: Import = jobs.get_import(&id).await?.into();
        Ok(StartedImport::Started(
            Json(import),
            format!("/api/v1/imports/{id}"),
        ))
    }

    /// List imports
    ///
    /// Returns a page of imports, newest first, including those of the command line.
    #[oai(path = "/", method = "get", operation_id = "list_imports")]
    async fn list_imports(
        &self,
        jobs: Acting,
        /// Maximum number of imports on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<ImportList>> {
        let (limit, after) = (paging::limit(limit.0)?, paging::cursor(cursor.0)?);
        let mut rows = Rows::new("imports");
        let read = |after, limit| jobs.list_imports(after, limit);
        let place = |run: &import::Model| Cursor {
            created_at: run.started_at,
            id: run.id.clone(),
        };
        let write = |run| Import::from(run).to_json_string();
        let next = rows.fill(limit, after, read, place, write).await?;
        Ok(rows.end_page(json!({}), next.map(|c| c.encode())))
    }

    /// Get an import
    ///
    /// Returns the progress and the results of an import; its counts grow with each batch.
    #[oai(path = "/:import_id", method = "get", operation_id = "get_import")]
    async fn get_import(
        &self,
        jobs: Acting,
        /// Id of the import.
        import_id: Path<String>,
    ) -> Result<Json<Import>> {
        Ok(Json(jobs.get_import(&import_id.0).await?.into()))
    }

    /// Abort an import
    ///
    /// Ends an import that is running or waiting, on any server or in any command: it writes no
    /// more records. The records imported until then remain. An import that has ended stays as it
    /// is.
    #[oai(
        path = "/:import_id/abort",
        method = "post",
        operation_id = "abort_import"
    )]
    async fn abort_import(
        &self,
        jobs: Acting,
        /// Id of the import.
        import_id: Path<String>,
    ) -> Result<Json<Import>> {
        Ok(Json(jobs.abort_import(&import_id.0).await?.into()))
    }

    /// List rejects
    ///
    /// Returns the records that an import refused, each with the reason and its original text
    /// without secrets: the first 10,000, up to 64 MiB in all. `rejects_kept` of the import is
    /// their number.
    #[oai(
        path = "/:import_id/rejects",
        method = "get",
        operation_id = "list_import_rejects"
    )]
    async fn list_import_rejects(
        &self,
        jobs: Acting,
        /// Id of the import.
        import_id: Path<String>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Same as `cursor`, for older clients: `next_after` of the previous page.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// Maximum number of rejects on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<JsonBytes<ImportRejectList>> {
        let limit = paging::limit(limit.0)?;
        let after = paging::after(cursor.0, after.0)?;
        let mut rows = Rows::new("rejects");
        let read = |after, limit| jobs.list_import_rejects(&import_id.0, after, limit);
        let write = |reject| ImportReject::from(reject).to_json_string();
        let next_after = rows
            .fill(limit, after, read, |reject| reject.id, write)
            .await?;
        Ok(rows.end_numbered(json!({"import_id": import_id.0}), next_after))
    }
}

fn word<T: FromStr>(parameter: &str, given: Option<String>) -> Result<Option<T>> {
    let detail = "Unknown value: use one that /openapi.json lists for this parameter.";
    given
        .map(|given| {
            given
                .parse()
                .map_err(|_| wrong(parameter, "unknown_value", detail))
        })
        .transpose()
}
