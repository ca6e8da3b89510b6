//! Access paths of a filter. A path is one index that leads to the matching jobs in list order;
//! conditions that this index does not cover become a residual filter on the job rows.

use crate::{
    db::{dialect, jobs::list::conditions::label},
    lifecycle::{Filter, KeyRange, Order},
};
use entity::{job, job_label};
use sea_orm::{
    Condition, DbBackend, EntityTrait, QuerySelect, QueryTrait, Select,
    sea_query::{self, Expr, ExprTrait, Query, SelectStatement},
};

/// Index that an access path reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadingIndex {
    /// Index of all jobs by creation time.
    Created,
    Status,
    Type,
    Mode,
    Series,
    Episode,
    Creator,
    /// Index of the labels, read for the first label of the filter.
    Label,
}

#[derive(Clone, Debug)]
pub struct IndexScan {
    pub(super) filter: Filter,
    pub(super) lead: LeadingIndex,
}

impl IndexScan {
    /// Returns one path for each condition of the filter that has an index, or the path over all
    /// jobs if no condition has one.
    pub fn all(filter: &Filter) -> Vec<Self> {
        let mut filter = filter.clone();
        filter.labels.sort_unstable();
        filter.labels.dedup();
        let named = [
            (LeadingIndex::Series, filter.series_id.is_some()),
            (LeadingIndex::Episode, filter.episode_id.is_some()),
            (LeadingIndex::Creator, filter.created_by.is_some()),
            (LeadingIndex::Status, filter.status.is_some()),
            (LeadingIndex::Type, filter.job_type.is_some()),
            (LeadingIndex::Mode, filter.mode.is_some()),
        ];
        let by_label = |first: usize| {
            let mut filter = filter.clone();
            filter.labels.swap(0, first);
            Self {
                filter,
                lead: LeadingIndex::Label,
            }
        };
        let mut paths: Vec<Self> = (0..filter.labels.len()).map(by_label).collect();
        let named = named.into_iter().filter(|(_, named)| *named);
        paths.extend(named.map(|(lead, _)| Self {
            filter: filter.clone(),
            lead,
        }));
        if paths.is_empty() {
            paths.push(Self {
                filter,
                lead: LeadingIndex::Created,
            });
        }
        paths
    }

    /// Returns the first path of [`IndexScan::all`]: one by label if the filter has labels.
    pub fn of(filter: &Filter) -> Self {
        Self::all(filter).swap_remove(0)
    }

    /// Returns the whole filter, residual conditions included.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns this path with only the conditions that its index covers.
    pub fn known(&self) -> Self {
        let all = &self.filter;
        let mut known = Filter {
            created_after: all.created_after,
            created_before: all.created_before,
            ..Filter::default()
        };
        match self.lead {
            LeadingIndex::Created => {}
            LeadingIndex::Status => known.status = all.status,
            LeadingIndex::Type => known.job_type.clone_from(&all.job_type),
            LeadingIndex::Mode => known.mode.clone_from(&all.mode),
            LeadingIndex::Series => known.series_id.clone_from(&all.series_id),
            LeadingIndex::Episode => known.episode_id.clone_from(&all.episode_id),
            LeadingIndex::Creator => known.created_by.clone_from(&all.created_by),
            LeadingIndex::Label => known.labels = all.labels.iter().take(1).cloned().collect(),
        }
        Self {
            filter: known,
            lead: self.lead,
        }
    }

    /// Returns whether the filter has conditions that the index does not cover.
    pub fn has_residual_filter(&self) -> bool {
        self.known().filter != self.filter
    }

    /// Restricts the query to the matching jobs of the range.
    pub(in crate::db) fn jobs(
        &self,
        mut query: Select<job::Entity>,
        backend: DbBackend,
        part: &KeyRange,
    ) -> Select<job::Entity> {
        self.narrow(QuerySelect::query(&mut query), backend, part);
        query
    }

    /// Restricts the query to the matching jobs of the range, and sorts them in the order of the
    /// path.
    pub(in crate::db) fn in_order(
        &self,
        query: Select<job::Entity>,
        backend: DbBackend,
        part: &KeyRange,
    ) -> Select<job::Entity> {
        let mut query = self.jobs(query, backend, part);
        self.order(QuerySelect::query(&mut query), part.order);
        query
    }

    /// Builds a query for `created_at` and `id` of the matching jobs, in the order of the path. It
    /// does not read job rows if the index covers the whole filter.
    pub(in crate::db) fn places(&self, backend: DbBackend, part: &KeyRange) -> SelectStatement {
        let mut query = if self.lead == LeadingIndex::Label && !self.has_residual_filter() {
            let mut query = Query::select().from(job_label::Entity).to_owned();
            query.cond_where(self.place(backend, part));
            query
        } else {
            let mut query = job::Entity::find().select_only().into_query();
            self.narrow(&mut query, backend, part);
            query
        };
        let [created_at, id] = self.position();
        query.expr_as(created_at, "created_at").expr_as(id, "id");
        self.order(&mut query, part.order);
        query
    }

    fn narrow(&self, query: &mut SelectStatement, backend: DbBackend, part: &KeyRange) {
        query
            .cond_where(self.place(backend, part))
            .cond_where(self.residual_conditions(backend));
        if self.lead == LeadingIndex::Label {
            let same = Expr::col((job::Entity, job::Column::Id))
                .equals((job_label::Entity, job_label::Column::JobId));
            query.inner_join(job_label::Entity, same);
            if dialect::misestimates_pairs(backend) {
                // Without these bounds PostgreSQL may plan to read all jobs, rather than look up
                // those of the range.
                let (lower, upper) = part.bounds();
                let created_at = || Expr::col((job::Entity, job::Column::CreatedAt));
                query.cond_where(
                    Condition::all()
                        .add_option(lower.map(|lower| created_at().gte(lower.created_at)))
                        .add_option(upper.map(|upper| created_at().lte(upper.created_at))),
                );
            }
        }
    }

    /// Returns the columns that order the jobs, as stored in the index.
    pub(super) fn position(&self) -> [Expr; 2] {
        match self.lead {
            LeadingIndex::Label => [
                label(job_label::Column::JobCreatedAt),
                label(job_label::Column::JobId),
            ],
            _ => [
                Expr::col((job::Entity, job::Column::CreatedAt)),
                Expr::col((job::Entity, job::Column::Id)),
            ],
        }
    }

    fn order(&self, query: &mut SelectStatement, order: Order) {
        for column in self.position() {
            query.order_by_expr(
                column,
                match order {
                    Order::NewestFirst => sea_query::Order::Desc,
                    Order::OldestFirst => sea_query::Order::Asc,
                },
            );
        }
    }
}
