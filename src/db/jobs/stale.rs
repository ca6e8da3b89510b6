//! Conditions on the lease of a processing job: the form in SQL of the rule for stale jobs.

use crate::lifecycle::STALE_AFTER;
use chrono::{DateTime, Utc};
use entity::job::Column as C;
use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait},
};

/// Condition that the worker of a processing job is gone: its lease has expired, or it has none and
/// sent no report for [`STALE_AFTER`].
pub fn is_lost(now: DateTime<Utc>) -> Expr {
    let silent = C::LeaseExpiresAt
        .is_null()
        .and(C::UpdatedAt.lte(now - STALE_AFTER));
    C::LeaseExpiresAt.lte(now).or(silent)
}

/// Condition that a worker still has the processing job: the opposite of [`is_lost`].
pub fn is_held(now: DateTime<Utc>) -> Expr {
    let reported = C::LeaseExpiresAt
        .is_null()
        .and(C::UpdatedAt.gt(now - STALE_AFTER));
    C::LeaseExpiresAt.gt(now).or(reported)
}
