//! One job, its items and its events, and what a creating call looks up: the same queries as in the
//! verbs.

use super::{
    explain::assert_served_by_an_index,
    fill::{analyze, fill},
};
use crate::support::{Backend, TestApp};
use entity::{episode, job, job_event, job_item, series};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

async fn look_at_all(t: &TestApp) {
    assert_served_by_an_index(t, "get_job", &job::Entity::find_by_id("job-5000")).await;
    let items = job_item::Entity::find().filter(job_item::Column::JobId.eq("job-5000"));
    let page = items
        .clone()
        .filter(job_item::Column::Idx.gt(3))
        .order_by_asc(job_item::Column::Idx)
        .limit(50);
    assert_served_by_an_index(t, "list_items", &page).await;
    let by_key = items.filter(job_item::Column::Key.is_in(["shot-3", "shot-5"]));
    assert_served_by_an_index(t, "report_items", &by_key).await;
    let events = job_event::Entity::find()
        .filter(job_event::Column::JobId.eq("job-5000"))
        .filter(job_event::Column::Seq.gt(3))
        .order_by_asc(job_event::Column::Seq)
        .limit(50);
    assert_served_by_an_index(t, "list_events", &events).await;
    let first = job::Entity::find().filter(job::Column::IdempotencyKey.eq("key-5000"));
    assert_served_by_an_index(t, "an idempotency key", &first).await;
    let members = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::SeriesId.eq("series-7"));
    assert_served_by_an_index(t, "the jobs of a series", &members).await;
    let catalog = series::Entity::find()
        .order_by_desc(series::Column::CreatedAt)
        .order_by_desc(series::Column::Id)
        .limit(51);
    if t.db.backend == Backend::Sqlite {
        // PostgreSQL reads a table of a page or two as a whole, and is right.
        assert_served_by_an_index(t, "list_series", &catalog).await;
    }
    let episodes = episode::Entity::find()
        .order_by_desc(episode::Column::CreatedAt)
        .order_by_desc(episode::Column::Id)
        .limit(51);
    assert_served_by_an_index(t, "list_episodes", &episodes).await;
}

#[on_both]
async fn one_job_with_what_belongs_to_it_is_found_by_index(t: TestApp) {
    fill(&t).await;
    if t.db.backend == Backend::Sqlite {
        look_at_all(&t).await;
    }
    analyze(&t).await;
    look_at_all(&t).await;
}
