//! Access paths of a filter. A path is one index that leads to the matching jobs in list order;
//! conditions that this index does not cover become a residual filter on the job rows.

use crate::{
    db::dialect,
    lifecycle::{Cursor, Filter, KeyRange, Order, whole_micros},
};
use entity::{job, job_label};
use sea_orm::{
    Condition, DbBackend, EntityTrait, QuerySelect, QueryTrait, Select,
    sea_query::{self, BinOper, Expr, ExprTrait, Query, SelectStatement},
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
    filter: Filter,
    lead: LeadingIndex,
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
    fn position(&self) -> [Expr; 2] {
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

    /// Returns the conditions on the index entry that leads to a job. If a time of the filter and a
    /// job of the range bound the same side, the query names only the closer one: given both for a
    /// label, SQLite may scan all labels instead.
    fn place(&self, backend: DbBackend, part: &KeyRange) -> Condition {
        use BinOper::{GreaterThan, GreaterThanOrEqual, SmallerThan, SmallerThanOrEqual};
        let (lower, upper) = part.bounds();
        let (above, below) = match part.order {
            Order::NewestFirst => (GreaterThanOrEqual, SmallerThan),
            Order::OldestFirst => (GreaterThan, SmallerThanOrEqual),
        };
        let after = self.filter.created_after.map(whole_micros);
        let before = self.filter.created_before.map(whole_micros);
        let after = after.filter(|after| lower.is_none_or(|lower| lower.created_at < *after));
        let before = before.filter(|before| upper.is_none_or(|upper| upper.created_at >= *before));
        let [created_at, _] = self.position();
        let compared = |place: &Cursor, how| {
            let place = Expr::tuple([Expr::val(place.created_at), Expr::val(place.id.clone())]);
            Expr::tuple(self.position()).binary(how, place)
        };
        let mut all = Condition::all()
            .add_option(after.map(|after| created_at.clone().gte(after)))
            .add_option(before.map(|before| created_at.clone().lt(before)));
        if let (Some(lower), Some(upper), true) =
            (lower, upper, dialect::misestimates_pairs(backend))
        {
            all = all.add(created_at.between(lower.created_at, upper.created_at));
        }
        all = all
            .add_option(lower.map(|lower| compared(lower, above)))
            .add_option(upper.map(|upper| compared(upper, below)));
        if let (LeadingIndex::Label, Some((key, value))) = (self.lead, self.filter.labels.first()) {
            all = all
                .add(label(job_label::Column::LabelKey).eq(key))
                .add(label(job_label::Column::LabelValue).eq(value));
        }
        all
    }

    /// Returns the conditions on the job's own row.
    fn residual_conditions(&self, backend: DbBackend) -> Condition {
        use job::Column as C;
        let f = &self.filter;
        let own = |column: C| Expr::col((job::Entity, column));
        let column = |lead: LeadingIndex, column: C| {
            if lead == self.lead {
                Expr::col((job::Entity, column))
            } else {
                dialect::unindexed(backend, column)
            }
        };
        let text =
            |lead, name, value: &Option<String>| value.as_ref().map(|v| column(lead, name).eq(v));
        let mut all =
            Condition::all()
                .add_option(
                    f.status
                        .map(|status| column(LeadingIndex::Status, C::Status).eq(status)),
                )
                .add_option(text(LeadingIndex::Type, C::JobType, &f.job_type))
                .add_option(
                    (!f.job_types.is_empty())
                        .then(|| dialect::unindexed(backend, C::JobType).is_in(&f.job_types)),
                )
                .add_option(text(LeadingIndex::Series, C::SeriesId, &f.series_id))
                .add_option(text(LeadingIndex::Episode, C::EpisodeId, &f.episode_id))
                .add_option(text(LeadingIndex::Creator, C::CreatedBy, &f.created_by))
                .add_option(text(LeadingIndex::Mode, C::Mode, &f.mode))
                .add_option(
                    f.worker_id
                        .as_ref()
                        .map(|worker| own(C::WorkerId).eq(worker)),
                )
                .add_option(
                    f.ended_after
                        .map(|time| own(C::CompletedAt).gte(whole_micros(time))),
                )
                .add_option(
                    f.ended_before
                        .map(|time| own(C::CompletedAt).lt(whole_micros(time))),
                )
                .add_option(f.error.as_ref().map(|error| {
                    dialect::error_has_signature(backend, own(C::ErrorMessage), error)
                }));
        for (key, value) in f
            .labels
            .iter()
            .skip(usize::from(self.lead == LeadingIndex::Label))
        {
            let labels = Expr::col((job::Entity, C::Labels));
            all = all.add(dialect::text_member(backend, labels, key).eq(value));
        }
        if let Some(words) = &f.q {
            let there = |column: C| dialect::contains_text(backend, Expr::col(column), words);
            all = all.add(there(C::ProjectTitle).or(there(C::Content)));
        }
        all
    }
}

fn label(column: job_label::Column) -> Expr {
    Expr::col((job_label::Entity, column))
}
