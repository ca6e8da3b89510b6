//! A schema with steps of a newer version: whether this version may run on it.

use super::migrate_error::MigrateError;
use crate::db::{Readable, connection::schema_state::schema_state};
use entity::setting;
use migration::OLDEST_BINARY;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

/// Refuses a schema with steps of a newer version, of which `newest` is the newest, unless this
/// version may run on it.
pub(super) async fn check_newer(
    db: &impl ConnectionTrait,
    newest: &str,
) -> Result<(), MigrateError> {
    if schema_state(db).await?.missing > 0 {
        return Err(MigrateError::Newer(newest.to_owned()));
    }
    let Some(oldest) = oldest_binary(db).await? else {
        return Err(MigrateError::Newer(newest.to_owned()));
    };
    if is_at_least(env!("CARGO_PKG_VERSION"), &oldest) {
        return Ok(());
    }
    Err(MigrateError::TooOld {
        step: newest.to_owned(),
        oldest,
    })
}

/// Returns the oldest version that may run on a schema with a table of settings.
pub(in crate::db) async fn oldest_binary(
    db: &impl ConnectionTrait,
) -> Result<Option<String>, DbErr> {
    let row = setting::Entity::find_by_id(OLDEST_BINARY).row(db).await?;
    Ok(row.map(|row| row.value))
}

/// Returns whether a version such as `0.2.1` is the other one or a later one. A version of another
/// form is older than any.
pub fn is_at_least(version: &str, other: &str) -> bool {
    let parts = |text: &str| -> Option<Vec<u64>> {
        let release = text.split(['-', '+']).next().unwrap_or(text);
        release.split('.').map(|part| part.parse().ok()).collect()
    };
    match (parts(version), parts(other)) {
        (Some(version), Some(other)) => version >= other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_at_least;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, other) in [
            ("0.1.0", "0.1.0"),
            ("0.10.0", "0.9.3"),
            ("1.0.0-rc.1", "1.0.0"),
        ] {
            assert!(is_at_least(version, other), "{version} {other}");
        }
        for (version, other) in [("0.1.0", "0.1.1"), ("0.9.3", "0.10.0"), ("0.1.0", "soon")] {
            assert!(!is_at_least(version, other), "{version} {other}");
        }
    }
}
