//! The filter of lists, counts and actions: what it may say, and the rows that it lets through.

use super::{JobManager, validate};
use crate::{
    db,
    error::{Error, FieldError, Result},
    lifecycle::Cursor,
};
use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use entity::{JobStatus, job, job_label};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, JoinType, QueryFilter, QuerySelect, Select,
    sea_query::{BinOper, Expr, ExprTrait, Query, SelectStatement},
};
use tokio::sync::SemaphorePermit;

/// Characters of a text to look for. SQLite takes patterns of 50,000 bytes at most.
const LONGEST_TEXT: usize = 1000;

/// Looks for a text that go on at once; others wait. No index knows what stands in a text, so that one that is nowhere is
/// looked for in each job: with a few of them under way, the connections would be gone that all other reading needs.
pub(super) const SEARCHES: usize = 2;

/// What the jobs of a list have in common. Given fields must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub status: Option<JobStatus>,
    pub job_type: Option<String>,
    pub mode: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
    /// Created at this moment or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Created before this moment.
    pub created_before: Option<DateTime<Utc>>,
    /// Text that stands in the title or the content.
    pub q: Option<String>,
}

impl JobManager {
    /// The turn of a filter that looks for a text, to be kept while the database looks; others need none.
    pub(super) async fn turn(&self, filter: &Filter) -> Option<SemaphorePermit<'_>> {
        match filter.q {
            Some(_) => self.searches.acquire().await.ok(),
            None => None,
        }
    }
}

impl Filter {
    pub(super) fn check(&self) -> Result<()> {
        for (key, value) in &self.labels {
            if !validate::is_label_key(key) || value.contains('\0') {
                let detail = "Use label=KEY=VALUE, with 1 to 63 of the characters A-Z a-z 0-9 . _ / - as the key.";
                return Err(Error::invalid(FieldError::parameter("label", "invalid_label", detail)));
            }
        }
        let texts = [
            ("job_type", &self.job_type),
            ("mode", &self.mode),
            ("series_id", &self.series_id),
            ("episode_id", &self.episode_id),
            ("q", &self.q),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                validate::no_nul_parameter(name, text)?;
            }
        }
        if self.q.as_ref().is_some_and(|q| q.chars().count() > LONGEST_TEXT) {
            let detail = format!("Look for a text of at most {LONGEST_TEXT} characters.");
            return Err(Error::invalid(FieldError::parameter("q", "too_long", detail)));
        }
        for (name, time) in [("created_after", self.created_after), ("created_before", self.created_before)] {
            // SQLite compares times as text, which sorts years of four digits only.
            if time.is_some_and(|t| !(0..=9999).contains(&whole_micros(t).year())) {
                let detail = "Use a time of the years 0 to 9999.";
                return Err(Error::invalid(FieldError::parameter(name, "out_of_range", detail)));
            }
        }
        Ok(())
    }

    /// Names nothing that the counts which the database keeps cannot tell apart.
    pub(super) fn is_kept_count(&self) -> bool {
        let Self { status: _, job_type: _, mode, series_id, episode_id, labels, created_after, created_before, q } =
            self;
        mode.is_none()
            && series_id.is_none()
            && episode_id.is_none()
            && labels.is_empty()
            && created_after.is_none()
            && created_before.is_none()
            && q.is_none()
    }

    /// Names nothing but labels and times, which the index of labels has all of.
    pub(super) fn is_in_labels(&self) -> bool {
        let bare = Self { labels: Vec::new(), created_after: None, created_before: None, ..self.clone() };
        !self.labels.is_empty() && bare == Self::default()
    }

    /// What of it an index knows, where there is more to it: each job that this lets through has to be looked at.
    pub(super) fn known(&self) -> Option<Self> {
        let known = Self { mode: None, q: None, ..self.clone() };
        (known != *self).then_some(known)
    }

    /// The columns that order a list: those of the index that leads to its jobs.
    pub(super) fn position(&self) -> [Expr; 2] {
        match self.labels.is_empty() {
            true => [Expr::col((job::Entity, job::Column::CreatedAt)), Expr::col((job::Entity, job::Column::Id))],
            false => [label(job_label::Column::JobCreatedAt), label(job_label::Column::JobId)],
        }
    }

    /// How the place of a job in that order is to compare with this one.
    pub(super) fn compared(&self, place: &Cursor, how: BinOper) -> Expr {
        Expr::tuple(self.position())
            .binary(how, Expr::tuple([Expr::val(place.created_at), Expr::val(place.id.clone())]))
    }

    /// The jobs that the filter lets through. The first label leads to them.
    pub(super) fn of(&self, query: Select<job::Entity>, backend: DbBackend) -> Select<job::Entity> {
        let query = query.filter(self.place()).filter(self.rest(backend));
        if self.labels.is_empty() {
            return query;
        }
        let leads = job::Entity::belongs_to(job_label::Entity).from(job::Column::Id).to(job_label::Column::JobId);
        query.join(JoinType::InnerJoin, leads.into())
    }

    /// The ids of the jobs that the filter lets through, found in the index of labels alone.
    pub(super) fn of_labels(&self) -> SelectStatement {
        let mut query = Query::select();
        query.expr_as(label(job_label::Column::JobId), "id").from(job_label::Entity).cond_where(self.place());
        query
    }

    /// What holds of the entry in the index that leads to a job.
    fn place(&self) -> Condition {
        let [created_at, id] = self.position();
        let mut all = Condition::all()
            .add_option(self.created_after.map(|t| created_at.clone().gte(whole_micros(t))))
            .add_option(self.created_before.map(|t| created_at.clone().lt(whole_micros(t))));
        let mut labels = self.labels.iter();
        if let Some((key, value)) = labels.next() {
            all =
                all.add(label(job_label::Column::LabelKey).eq(key)).add(label(job_label::Column::LabelValue).eq(value));
        }
        for (key, value) in labels {
            let other = |column: job_label::Column| Expr::col(("other", column));
            let mut there = Query::select();
            there
                .expr(Expr::val(1))
                .from_as(job_label::Entity, "other")
                .and_where(other(job_label::Column::LabelKey).eq(key))
                .and_where(other(job_label::Column::LabelValue).eq(value))
                .and_where(other(job_label::Column::JobCreatedAt).eq(created_at.clone()))
                .and_where(other(job_label::Column::JobId).eq(id.clone()));
            all = all.add(Expr::exists(there));
        }
        all
    }

    /// What holds of the job's own row.
    fn rest(&self, backend: DbBackend) -> Condition {
        use job::Column as C;
        let text = |column: C, value: &Option<String>| value.as_ref().map(|v| column.eq(v));
        let mut all = Condition::all()
            .add_option(self.status.map(|s| C::Status.eq(s)))
            .add_option(text(C::JobType, &self.job_type))
            .add_option(text(C::Mode, &self.mode))
            .add_option(text(C::SeriesId, &self.series_id))
            .add_option(text(C::EpisodeId, &self.episode_id));
        if let Some(words) = &self.q {
            let there = |column: C| db::contains_text(backend, Expr::col(column), words);
            all = all.add(there(C::ProjectTitle).or(there(C::Content)));
        }
        all
    }
}

fn label(column: job_label::Column) -> Expr {
    Expr::col((job_label::Entity, column))
}

/// The first whole microsecond from this moment on: of the times that rows have, the same ones lie before it.
fn whole_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    let cut = time.trunc_subsecs(6);
    if cut < time { cut + TimeDelta::microseconds(1) } else { cut }
}
