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
use entity::job_item;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
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

    /// Returns the path of the newest frame of those of the jobs that have one, by job id: of the
    /// last item with a frame, its last frame, else its first.
    pub async fn newest_frames(&self, ids: Vec<&str>) -> Result<HashMap<String, String>> {
        use job_item::Column as C;
        let db = self.read();
        let backend = ConnectionTrait::get_database_backend(db);
        let path = |name| text_member(backend, Expr::col(C::Result), name);
        let newest = job_item::Entity::find()
            .select_only()
            .column(C::JobId)
            .column_as(C::Idx.max(), "idx")
            .filter(C::JobId.is_in(ids))
            .filter(
                path("first_frame_path")
                    .is_not_null()
                    .or(path("last_frame_path").is_not_null()),
            )
            .group_by(C::JobId)
            .into_query();
        let newest = Expr::tuple([Expr::col(C::JobId), Expr::col(C::Idx)]).in_subquery(newest);
        let frames: Vec<(String, Option<String>, Option<String>)> = job_item::Entity::find()
            .select_only()
            .column(C::JobId)
            .expr(prefix(path("last_frame_path"), MAX_PATH_CHARS))
            .expr(prefix(path("first_frame_path"), MAX_PATH_CHARS))
            .filter(newest)
            .into_tuple()
            .rows(db)
            .await?;
        let frame = |(id, last, first): (String, Option<String>, Option<String>)| {
            Some((id, last.or(first)?))
        };
        Ok(frames.into_iter().filter_map(frame).collect())
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
