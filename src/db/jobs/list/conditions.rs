//! Conditions of an access path: those on the entry of its index, and those on the job's own row.

use crate::{
    db::{
        dialect,
        jobs::list::index_scan::{IndexScan, LeadingIndex},
    },
    lifecycle::{Cursor, KeyRange, Order, whole_micros},
};
use entity::{job, job_label};
use sea_orm::{
    Condition, DbBackend,
    sea_query::{BinOper, Expr, ExprTrait},
};

impl IndexScan {
    /// Returns the conditions on the index entry that leads to a job. If a time of the filter and a
    /// job of the range bound the same side, the query names only the closer one: given both for a
    /// label, SQLite may scan all labels instead.
    pub(super) fn place(&self, backend: DbBackend, part: &KeyRange) -> Condition {
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
    pub(super) fn residual_conditions(&self, backend: DbBackend) -> Condition {
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

/// Column of the table of labels.
pub(super) fn label(column: job_label::Column) -> Expr {
    Expr::col((job_label::Entity, column))
}
