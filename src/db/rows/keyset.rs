//! Pages behind a cursor, newest row first.

use crate::lifecycle::Cursor;
use sea_orm::{
    EntityTrait, QueryFilter, QueryOrder, Select,
    sea_query::{Expr, ExprTrait},
};

/// Sorts the rows by the time and the id, the newest first, and leaves out those up to the cursor.
pub fn newest_first<E: EntityTrait>(
    query: Select<E>,
    time: E::Column,
    id: E::Column,
    after: Option<Cursor>,
) -> Select<E> {
    let query = query.order_by_desc(time).order_by_desc(id);
    let Some(after) = after else {
        return query;
    };
    let position = Expr::tuple([Expr::col(time), Expr::col(id)]);
    let last = Expr::tuple([Expr::val(after.created_at), Expr::val(after.id)]);
    query.filter(position.lt(last))
}
