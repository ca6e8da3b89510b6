//! Positions of the history that a restored database leaves out: those that were assigned after
//! the backup was made, which clients may still send.

use crate::{
    db::{Readable, Tx, Write, last_position, rows::once::insert_unless_there},
    error::Result,
};
use entity::{
    ArchiveState, archive,
    position::{self, RESTORED},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter,
    Statement,
};

/// Number of positions that are left out: more than any database assigns between a backup and its
/// restore.
const LEFT_OUT: i64 = 1_000_000_000;

/// Leaves out the next positions of the history, and notes which; forgets the objects that were
/// being archived. Returns the first position that will be assigned again.
pub struct MarkRestored;

impl Write for MarkRestored {
    type Output = i64;

    async fn apply(&self, tx: &Tx) -> Result<i64> {
        let last = last_position(tx).await?;
        let next = last.saturating_add(LEFT_OUT);
        let jump = match tx.get_database_backend() {
            DbBackend::Postgres => Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT setval(pg_get_serial_sequence('job_events', 'id'), $1, false)",
                [next.into()],
            ),
            backend => {
                let known = "INSERT INTO sqlite_sequence (name, seq) SELECT 'job_events', 0 WHERE \
                    NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'job_events')";
                tx.execute_unprepared(known).await?;
                Statement::from_sql_and_values(
                    backend,
                    "UPDATE sqlite_sequence SET seq = ? WHERE name = 'job_events'",
                    [(next - 1).into()],
                )
            }
        };
        tx.execute_raw(jump).await?;
        let range = position::ActiveModel {
            name: Set(format!("{RESTORED}{next}")),
            position: Set(last),
        };
        insert_unless_there(tx, range).await?;
        // Their objects may be complete in the database that was backed up, which removes them if
        // they are not.
        archive::Entity::delete_many()
            .filter(archive::Column::State.ne(ArchiveState::Done))
            .exec(tx)
            .await?;
        Ok(next)
    }
}

/// Returns whether a restore left this position out.
pub async fn is_lost(db: &impl ConnectionTrait, at: i64) -> Result<bool, DbErr> {
    let ranges = position::Entity::find()
        .filter(position::Column::Name.starts_with(RESTORED))
        .rows(db)
        .await?;
    Ok(ranges.into_iter().any(|range| {
        let next = range.name[RESTORED.len()..].parse::<i64>();
        range.position < at && next.is_ok_and(|next| at < next)
    }))
}
