//! Columns of a job that a list reads.

use crate::db::rows::{job_rows::ANY_LARGE, part::bytes_of};
use entity::job;
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, QuerySelect, Select,
    sea_query::{CaseStatement, Expr, ExprTrait},
};

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

/// Selects the columns of the view, values above `most` bytes as null without being read, and
/// [`ANY_LARGE`].
pub(super) fn small_columns(view: View, backend: DbBackend, most: i64) -> Select<job::Entity> {
    let long = long(view);
    let is_large = |column: job::Column| bytes_of(backend, &[column]).gt(most);
    let any = long
        .iter()
        .map(|column| is_large(*column))
        .reduce(|any, one| any.or(one))
        .unwrap_or_else(|| Expr::val(false));
    let query = selected(|column| {
        if long.iter().any(|long| is(*long, column)) {
            let small = CaseStatement::new()
                .case(is_large(column).not(), Expr::col(column.as_column_ref()));
            Some(small.into())
        } else if view != View::Full && DOCUMENT_COLUMNS.iter().any(|long| is(*long, column)) {
            Some(Expr::cust("NULL"))
        } else {
            None
        }
    });
    query.expr_as(CaseStatement::new().case(any, 1).finally(0), ANY_LARGE)
}

fn without(long: &[job::Column]) -> Select<job::Entity> {
    selected(|column| {
        long.iter()
            .any(|long| is(*long, column))
            .then(|| Expr::cust("NULL"))
    })
}

/// Selects all columns in the order of the entity, some of them as another expression.
fn selected(instead: impl Fn(job::Column) -> Option<Expr>) -> Select<job::Entity> {
    let mut query = job::Entity::find().select_only();
    for column in <job::Column as sea_orm::Iterable>::iter() {
        query = match instead(column) {
            Some(expression) => query.expr_as(expression, name(column)),
            None => query.column(column),
        };
    }
    query
}

fn is(one: job::Column, other: job::Column) -> bool {
    name(one) == name(other)
}

fn name(column: job::Column) -> String {
    sea_orm::IdenStatic::as_str(&column).to_owned()
}
