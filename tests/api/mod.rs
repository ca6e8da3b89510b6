//! The HTTP interface: the calls of older clients, the native ones, and what becomes of bad input.

/// As `on_both!`, for tests that no database has a say in.
macro_rules! on_sqlite {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::support::run($crate::support::Backend::Sqlite, super::$name).await;
            }
        }
    )+};
}

mod answer;
pub mod face;

mod bad_ids;
mod bad_moves;
mod bad_parameters;
mod bad_texts;
mod bad_values;
mod catalog;
mod conditions;
mod docs;
mod gate;
mod generate;
mod gone;
mod headers;
mod idempotency;
mod large_bodies;
mod large_pages;
mod legacy;
mod lists;
mod live;
mod media;
mod native;
mod problems;
mod waits;
