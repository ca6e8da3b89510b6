//! Probe of the readiness check: a row that is written, to show that the database accepts writes,
//! and deleted.

use crate::{
    db::{Tx, Write},
    error::Result,
};
use entity::write_probe;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

/// Id of the only row: the probes of two servers overwrite each other.
const ROW: i32 = 1;

/// Writes a row of `bytes` bytes.
pub struct ProbeWrite {
    pub bytes: usize,
}

impl Write for ProbeWrite {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let row = write_probe::ActiveModel {
            id: Set(ROW),
            payload: Set("-".repeat(self.bytes)),
        };
        let conflict = OnConflict::column(write_probe::Column::Id)
            .update_column(write_probe::Column::Payload)
            .to_owned();
        write_probe::Entity::insert(row)
            .on_conflict(conflict)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// Deletes the row of the probe.
pub struct TakeBackProbe;

impl Write for TakeBackProbe {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        write_probe::Entity::delete_by_id(ROW).exec(tx).await?;
        Ok(())
    }
}
