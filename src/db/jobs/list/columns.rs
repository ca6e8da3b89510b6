//! Columns of a job that a list reads.

use entity::job;
use sea_orm::{EntityTrait, QuerySelect, Select, sea_query::Expr};

/// Extent of the jobs in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    #[default]
    Full,
    /// All fields except content, request_data, context and result, which may be large.
    Summary,
    /// Summary with the newest frame of each job.
    Preview,
}

/// Columns that a summary leaves out.
const DOCUMENT_COLUMNS: [job::Column; 4] = [
    job::Column::Content,
    job::Column::RequestData,
    job::Column::Context,
    job::Column::ResultData,
];
/// Other columns that may hold long values.
const LARGE_COLUMNS: [job::Column; 10] = [
    job::Column::UserRequirement,
    job::Column::ErrorMessage,
    job::Column::Labels,
    job::Column::Webhook,
    job::Column::Mode,
    job::Column::Style,
    job::Column::ProjectTitle,
    job::Column::WorkingDir,
    job::Column::CurrentStage,
    job::Column::SourceStatus,
];

/// Returns the columns of the view that may hold long values.
pub(in crate::db) fn long(view: View) -> Vec<job::Column> {
    let large = if view == View::Full {
        &DOCUMENT_COLUMNS[..]
    } else {
        &[]
    };
    large.iter().chain(&LARGE_COLUMNS).copied().collect()
}

/// Selects the columns of the view. Those that a summary leaves out are returned as null without
/// being read.
pub(in crate::db) fn columns(view: View) -> Select<job::Entity> {
    match view {
        View::Full => job::Entity::find(),
        View::Summary | View::Preview => without(&DOCUMENT_COLUMNS),
    }
}

/// Selects the columns that are short in every job created by this service.
pub(in crate::db) fn brief() -> Select<job::Entity> {
    let long = [
        job::Column::UserRequirement,
        job::Column::ErrorMessage,
        job::Column::Labels,
        job::Column::Webhook,
    ];
    without(&[&DOCUMENT_COLUMNS[..], &long].concat())
}

fn without(long: &[job::Column]) -> Select<job::Entity> {
    let mut query = job::Entity::find().select_only();
    for column in <job::Column as sea_orm::Iterable>::iter() {
        let is_long = long.iter().any(|long| name(*long) == name(column));
        query = if is_long {
            query.expr_as(Expr::cust("NULL"), name(column))
        } else {
            query.column(column)
        };
    }
    query
}

fn name(column: job::Column) -> String {
    sea_orm::IdenStatic::as_str(&column).to_owned()
}
