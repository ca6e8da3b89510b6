//! Pages of the history that are bounded in rows and in bytes: an event may have a megabyte of lines of a worker's log.

use super::{Readable, dialect, page};
use entity::job_event::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, IdenStatic, QueryFilter, QuerySelect, Select};

/// What an event takes beside its data, about.
const EACH: i64 = 256;

pub struct EventPage {
    pub events: Vec<Model>,
    /// There may be more behind them.
    pub more: bool,
}

/// The first events of the query, which is in the order of positions: at most so many rows, and about so many bytes. One
/// event comes in any case.
pub async fn event_page(
    query: Select<Entity>,
    rows: u64,
    bytes: i64,
    db: &impl ConnectionTrait,
) -> Result<EventPage, DbErr> {
    let size = dialect::stored_bytes(db.get_database_backend(), Column::Data.as_str());
    let sizes = query.clone().select_only().column(Column::Id).expr_as(size, "size").limit(rows);
    let sizes: Vec<(i64, i64)> = sizes.into_tuple().rows(db).await?;
    let Some((last, fits)) = that_fit(&sizes, bytes) else { return Ok(EventPage { events: Vec::new(), more: false }) };
    // Not as many as were found: on PostgreSQL one that was committed meanwhile may lie between them.
    let events: Vec<Model> = page(query.filter(Column::Id.lte(last)), rows, db).await?;
    let more = fits < sizes.len() || sizes.len() as u64 == rows || events.len() as u64 == rows;
    Ok(EventPage { events, more })
}

/// The last of the positions that fit, and how many do.
fn that_fit(sizes: &[(i64, i64)], bytes: i64) -> Option<(i64, usize)> {
    let mut sum = 0;
    let fits = |(_, size): &&(i64, i64)| {
        let first = sum == 0;
        sum += size + EACH;
        first || sum <= bytes
    };
    let fits = sizes.iter().take_while(fits).count();
    Some((sizes.get(fits.checked_sub(1)?)?.0, fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_what_fits_and_one_event_in_any_case() {
        assert_eq!(that_fit(&[], 1000), None);
        assert_eq!(that_fit(&[(7, 5000), (8, 0)], 1000), Some((7, 1)));
        assert_eq!(that_fit(&[(7, 0), (8, 0), (9, 1000)], 1000), Some((8, 2)));
        assert_eq!(that_fit(&[(7, 0), (8, 0), (9, 0)], 1000), Some((9, 3)));
    }
}
