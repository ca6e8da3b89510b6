//! Imports: the dump of an older store, or an export of Callsheet, brought in in the background.

use super::{
    Tag,
    dto::{Import, ImportList, ImportReject, ImportRejectList},
    paging::{self, wrong},
    upload::Upload,
};
use crate::{
    import::{Background, Options},
    jobs::{JobManager, no_nul_parameter},
};
use chrono_tz::Tz;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use std::str::FromStr;

/// What an upload is called whose sender does not say.
const UNNAMED: &str = "upload";

pub struct Imports {
    pub jobs: JobManager,
    pub background: Background,
}

#[derive(ApiResponse)]
enum StartedImport {
    /// The dump is here, and is being imported.
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
    /// Takes one dump: JSON, JSON Lines or a SQLite file of an older store, or an export of Callsheet, packed or not. The
    /// answer comes when all of it is here; the import goes on in the background. Two run at once, 16 wait, and 4 are received;
    /// of more, each is refused.
    #[oai(path = "/", method = "post", operation_id = "start_import")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the document")]
    async fn start_import(
        &self,
        /// The store that the dump is of; each record is recognised by its fields when left out.
        from: Query<Option<String>>,
        /// Zone of local times that name none; UTC when left out.
        source_tz: Query<Option<String>>,
        /// What becomes of jobs that were processing in a store whose process is gone; `keep` when left out.
        interrupted: Query<Option<String>>,
        /// What becomes of a job whose id is there already; `skip` when left out.
        on_conflict: Query<Option<String>>,
        /// Read and check everything, and write nothing but the report.
        dry_run: Query<Option<bool>>,
        /// What the report calls the dump.
        file_name: Query<Option<String>>,
        dump: Upload,
    ) -> Result<StartedImport> {
        let name = file_name.0.filter(|name| !name.is_empty()).unwrap_or_else(|| UNNAMED.to_owned());
        if name.chars().count() > 255 {
            return Err(wrong("file_name", "too_long", "Use at most 255 characters."));
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
        let id = self.background.start(options, dump.place, dump.folder).await?;
        let import: Import = self.jobs.get_import(&id).await?.into();
        Ok(StartedImport::Started(Json(import), format!("/api/v1/imports/{id}")))
    }

    /// List imports
    ///
    /// A page, newest first, with those of the command line.
    #[oai(path = "/", method = "get", operation_id = "list_imports")]
    async fn list_imports(
        &self,
        /// Rows of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ImportList>> {
        let (imports, next) = self.jobs.list_imports(paging::cursor(cursor.0)?, paging::limit(limit.0)?).await?;
        let imports = imports.into_iter().map(Into::into).collect();
        Ok(Json(ImportList { imports, next_cursor: next.map(|c| c.encode()) }))
    }

    /// Get an import
    ///
    /// How far it is, and what came of it: the counts step with each batch.
    #[oai(path = "/:import_id", method = "get", operation_id = "get_import")]
    async fn get_import(
        &self,
        /// Id of the import.
        import_id: Path<String>,
    ) -> Result<Json<Import>> {
        Ok(Json(self.jobs.get_import(&import_id.0).await?.into()))
    }

    /// Abort an import
    ///
    /// Ends a run that goes on or waits, whichever server or command runs it: nothing more of it is written. What came in stays; an
    /// import that has ended stays as it is.
    #[oai(path = "/:import_id/abort", method = "post", operation_id = "abort_import")]
    async fn abort_import(
        &self,
        /// Id of the import.
        import_id: Path<String>,
    ) -> Result<Json<Import>> {
        Ok(Json(self.jobs.abort_import(&import_id.0).await?.into()))
    }

    /// List rejects
    ///
    /// The records that an import did not take, each with the reason and as it was found, secrets taken out: the first 10,000, of
    /// at most 64 MiB. `rejects_kept` of the import says how many.
    #[oai(path = "/:import_id/rejects", method = "get", operation_id = "list_import_rejects")]
    async fn list_import_rejects(
        &self,
        /// Id of the import.
        import_id: Path<String>,
        /// `next_after` of the page before.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// Rejects of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<Json<ImportRejectList>> {
        let limit = paging::limit(limit.0)?;
        let mut rejects = self.jobs.list_import_rejects(&import_id.0, after.0, limit + 1).await?;
        let more = rejects.len() as u64 > limit;
        rejects.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_after = rejects.last().filter(|_| more).map(|reject| reject.id);
        let rejects: Vec<ImportReject> = rejects.into_iter().map(Into::into).collect();
        Ok(Json(ImportRejectList { import_id: import_id.0, rejects, next_after }))
    }
}

fn word<T: FromStr>(parameter: &str, given: Option<String>) -> Result<Option<T>> {
    let detail = "Use one of the values that the document lists.";
    given.map(|given| given.parse().map_err(|_| wrong(parameter, "unknown_value", detail))).transpose()
}
