//! Rows that cannot be decoded: a blob in place of a text, a time in the year 12000, an unknown
//! status. Such a row is left out of its page, counted, and logged once; the rest of the page is
//! returned.

use super::decode::{decode, first_column, name_of, only};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult, QuerySelect, QueryTrait,
    Select, SelectGetableTuple, SelectModel, Selector, SelectorRaw, TryGetableMany,
};

/// Maximum rows per query while a page replaces unreadable rows, unless its limit is higher.
const MAX_STEP_ROWS: u64 = 10_000;

/// Query whose rows are decoded one by one.
pub trait Readable: Sized {
    type Row: Send;

    /// Returns all readable rows.
    fn rows(
        self,
        db: &impl ConnectionTrait,
    ) -> impl Future<Output = Result<Vec<Self::Row>, DbErr>> + Send;

    /// Returns the only row.
    ///
    /// Errors: one that names the row, if it cannot be read.
    fn row(
        self,
        db: &impl ConnectionTrait,
    ) -> impl Future<Output = Result<Option<Self::Row>, DbErr>> + Send;
}

impl<E: EntityTrait<Model: Send>> Readable for Select<E> {
    type Row = E::Model;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        let rows = db
            .query_all_raw(self.build(db.get_database_backend()))
            .await?;
        Ok(decode(&rows, model::<E::Model>, name_of::<E>).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<E::Model>, DbErr> {
        let row = db
            .query_one_raw(self.limit(1).build(db.get_database_backend()))
            .await?;
        row.map(|row| only(&row, model::<E::Model>, name_of::<E>))
            .transpose()
    }
}

impl<M: FromQueryResult + Send> Readable for Selector<SelectModel<M>> {
    type Row = M;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<M>, DbErr> {
        let rows = db
            .query_all_raw(self.into_statement(db.get_database_backend()))
            .await?;
        Ok(decode(&rows, model::<M>, first_column).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<M>, DbErr> {
        let row = db
            .query_one_raw(self.into_statement(db.get_database_backend()))
            .await?;
        row.map(|row| only(&row, model::<M>, first_column))
            .transpose()
    }
}

impl<M: FromQueryResult + Send> Readable for SelectorRaw<SelectModel<M>> {
    type Row = M;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<M>, DbErr> {
        let rows = db.query_all_raw(self.into_statement()).await?;
        Ok(decode(&rows, model::<M>, first_column).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<M>, DbErr> {
        let row = db.query_one_raw(self.into_statement()).await?;
        row.map(|row| only(&row, model::<M>, first_column))
            .transpose()
    }
}

impl<T: TryGetableMany + Send> Readable for Selector<SelectGetableTuple<T>> {
    type Row = T;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<T>, DbErr> {
        let rows = db
            .query_all_raw(self.into_statement(db.get_database_backend()))
            .await?;
        Ok(decode(&rows, tuple::<T>, first_column).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<T>, DbErr> {
        let row = db
            .query_one_raw(self.into_statement(db.get_database_backend()))
            .await?;
        row.map(|row| only(&row, tuple::<T>, first_column))
            .transpose()
    }
}

/// Returns the first `limit` readable rows of the query; fewer only if no more follow.
pub async fn page<E: EntityTrait, M: FromQueryResult>(
    query: Select<E>,
    limit: u64,
    db: &impl ConnectionTrait,
) -> Result<Vec<M>, DbErr> {
    let backend = db.get_database_backend();
    let (mut page, mut behind, mut step) = (Vec::new(), 0, limit);
    loop {
        let mut part = query.clone().limit(step);
        if behind > 0 {
            part = part.offset(behind);
        }
        let rows = db.query_all_raw(part.build(backend)).await?;
        page.extend(decode(&rows, model::<M>, name_of::<E>).read);
        page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        if page.len() as u64 >= limit || (rows.len() as u64) < step {
            return Ok(page);
        }
        behind += step;
        step = step.saturating_mul(2).min(MAX_STEP_ROWS.max(limit));
    }
}

fn model<M: FromQueryResult>(row: &QueryResult) -> Result<M, DbErr> {
    M::from_query_result(row, "")
}

fn tuple<T: TryGetableMany>(row: &QueryResult) -> Result<T, DbErr> {
    Ok(T::try_get_many_by_index(row)?)
}
