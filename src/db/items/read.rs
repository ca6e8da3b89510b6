//! Reads of items: behind a position, as many as a response holds, or the newest frames.

use crate::{
    db::{
        ANSWER_BYTES, Database, Part, Readable,
        dialect::{prefix, text_member},
        jobs::weight::written_item,
        part,
    },
    error::Result,
};
use entity::{job, job_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, ExprTrait, Func},
};
use std::collections::HashMap;

/// Columns of an item that may hold long values.
const LARGE_COLUMNS: [job_item::Column; 3] = [
    job_item::Column::Input,
    job_item::Column::Result,
    job_item::Column::Error,
];

/// Maximum number of characters of a path in a preview.
const MAX_PATH_CHARS: i32 = 4096;

/// Maximum number of items that one query reads.
const MAX_QUERY_ITEMS: u64 = 1000;

/// Maximum number of queries for the items of one response.
const MAX_QUERIES: usize = 64;

/// Items of a job that one response shows.
pub struct ShownItems {
    pub items: Vec<job_item::Model>,
    /// Position of the last item, if more follow.
    pub next_after: Option<i32>,
}

/// Paths of files that show something of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFiles {
    /// Frame of the last shot that has one.
    pub frame: Option<String>,
    /// Picture of the result.
    pub poster: Option<String>,
    /// Film of the result, or the clip of the last shot that has one.
    pub clip: Option<String>,
}

/// Reduces an item to what a response shows of it.
pub type ReduceItem = fn(job_item::Model) -> job_item::Model;

impl Database {
    /// Returns the items of a job behind position `after`, in order: at most `limit`, fewer if they
    /// are large.
    pub async fn items(
        &self,
        id: &str,
        after: Option<i32>,
        limit: u64,
    ) -> Result<Part<job_item::Model>> {
        Ok(part(behind(id, after), limit, &LARGE_COLUMNS, self.read()).await?)
    }

    /// Returns the size of the long values of all items of a job as text, in bytes.
    pub async fn item_bytes(&self, id: &str) -> Result<u64> {
        let bytes = |column: &job_item::Column| {
            format!(
                "COALESCE(octet_length(CAST({} AS text)), 0)",
                column.as_str()
            )
        };
        let row = LARGE_COLUMNS
            .iter()
            .map(bytes)
            .collect::<Vec<_>>()
            .join(" + ");
        let sum = Func::cast_as(Func::sum(Expr::cust(row)), Alias::new("bigint"));
        let sums: Vec<Option<i64>> = job_item::Entity::find()
            .select_only()
            .expr_as(sum, "bytes")
            .filter(job_item::Column::JobId.eq(id))
            .into_tuple()
            .rows(self.read())
            .await?;
        Ok(sums.into_iter().flatten().sum::<i64>().unsigned_abs())
    }

    /// Returns the path that the last item with one of the members has in its result, by job id; of
    /// several members, the first of `names`.
    pub async fn newest_paths(
        &self,
        ids: &[&str],
        names: &[&str],
    ) -> Result<HashMap<String, String>> {
        use job_item::Column as C;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let db = self.read();
        let backend = ConnectionTrait::get_database_backend(db);
        let path = || first_text(backend, Expr::col(C::Result), names);
        let newest = job_item::Entity::find()
            .select_only()
            .column(C::JobId)
            .column_as(C::Idx.max(), "idx")
            .filter(C::JobId.is_in(ids.iter().copied()))
            .filter(path().is_not_null())
            .group_by(C::JobId)
            .into_query();
        let newest = Expr::tuple([Expr::col(C::JobId), Expr::col(C::Idx)]).in_subquery(newest);
        let paths: Vec<(String, Option<String>)> = job_item::Entity::find()
            .select_only()
            .column(C::JobId)
            .expr(prefix(path(), MAX_PATH_CHARS))
            .filter(newest)
            .into_tuple()
            .rows(db)
            .await?;
        let found = |(id, path): (String, Option<String>)| Some((id, path?));
        Ok(paths.into_iter().filter_map(found).collect())
    }

    /// Returns the picture and the film that the results of the jobs name, by job id.
    pub async fn result_previews(&self, ids: Vec<&str>) -> Result<HashMap<String, JobFiles>> {
        use job::Column as C;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let db = self.read();
        let backend = ConnectionTrait::get_database_backend(db);
        let path = |names: &[&str]| {
            let path = first_text(backend, Expr::col(C::ResultData), names);
            prefix(path, MAX_PATH_CHARS)
        };
        let rows: Vec<(String, Option<String>, Option<String>)> = job::Entity::find()
            .select_only()
            .column(C::Id)
            .expr(path(&["poster_path", "thumbnail_path"]))
            .expr(path(&["final_video_path", "video_path"]))
            .filter(C::Id.is_in(ids))
            .into_tuple()
            .rows(db)
            .await?;
        let preview = |(id, poster, clip)| {
            let preview = JobFiles {
                poster,
                clip,
                frame: None,
            };
            (id, preview)
        };
        Ok(rows.into_iter().map(preview).collect())
    }
}

/// First of the members of a document that has a value, as text.
fn first_text(backend: DbBackend, column: Expr, names: &[&str]) -> Expr {
    let path = |name: &&str| text_member(backend, column.clone(), name);
    let mut paths: Vec<Expr> = names.iter().map(path).collect();
    // SQLite's COALESCE takes two arguments or more.
    if paths.len() == 1 {
        paths.swap_remove(0)
    } else {
        Func::coalesce(paths).into()
    }
}

/// Returns the reduced items behind a position: at most [`ANSWER_BYTES`], but at least one item if
/// there is any.
pub(in crate::db) async fn shown_items(
    db: &impl ConnectionTrait,
    id: &str,
    after: Option<i32>,
    reduce: ReduceItem,
) -> Result<ShownItems> {
    let mut shown = ShownItems {
        items: Vec::new(),
        next_after: after,
    };
    let mut bytes = 0;
    for _ in 0..MAX_QUERIES {
        let items = behind(id, shown.next_after);
        let part = part(items, MAX_QUERY_ITEMS, &LARGE_COLUMNS, db).await?;
        let more = part.more;
        for item in part {
            let item = reduce(item);
            bytes += written_item(&item);
            if bytes > ANSWER_BYTES && !shown.items.is_empty() {
                return Ok(shown);
            }
            shown.next_after = Some(item.idx);
            shown.items.push(item);
        }
        if !more {
            return Ok(ShownItems {
                next_after: None,
                ..shown
            });
        }
    }
    Ok(shown)
}

/// Selects the items of a job behind a position, in order.
fn behind(id: &str, after: Option<i32>) -> Select<job_item::Entity> {
    job_item::Entity::find()
        .filter(job_item::Column::JobId.eq(id))
        .filter(job_item::Column::Idx.gt(after.unwrap_or(-1)))
        .order_by_asc(job_item::Column::Idx)
}
