//! The pages of a list, under each filter.

use super::{
    explain::assert_served_by_an_index,
    fill::{analyze, fill, jobs},
};
use crate::support::{Backend, Bench};
use callsheet::{
    jobs::{Filter, Order, PageAfter, View, page, up_to},
    lifecycle::Cursor,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{JobStatus, job};
use sea_orm::Select;

/// The moment at which this part of the jobs was there.
fn moment(part: i32) -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_767_225_600).unwrap() + TimeDelta::seconds(jobs() / 200 * i64::from(part))
}

fn team(name: &str) -> Vec<(String, String)> {
    vec![("team".into(), name.into())]
}

fn filters() -> Vec<(&'static str, Filter)> {
    let none = Filter::default;
    let status = Some(JobStatus::Queued);
    let text = |s: &str| Some(s.to_owned());
    vec![
        ("no filter", none()),
        ("status", Filter { status, ..none() }),
        ("job_type", Filter { job_type: text("type-3"), ..none() }),
        ("an unknown job_type", Filter { job_type: text("nothing"), ..none() }),
        ("a text", Filter { q: text("nowhere"), ..none() }),
        ("a text and status", Filter { q: text("nowhere"), status, ..none() }),
        ("mode", Filter { mode: text("idea"), ..none() }),
        ("series_id", Filter { series_id: text("series-42"), ..none() }),
        ("episode_id", Filter { episode_id: text("episode-43"), ..none() }),
        ("created_after", Filter { created_after: Some(moment(99)), ..none() }),
        ("created_before", Filter { created_before: Some(moment(1)), ..none() }),
        ("both times", Filter { created_after: Some(moment(40)), created_before: Some(moment(60)), ..none() }),
        ("status and a time", Filter { status, created_after: Some(moment(50)), ..none() }),
        ("status and job_type", Filter { status, job_type: text("type-3"), ..none() }),
        ("a label of one job in a hundred", Filter { labels: team("rare"), ..none() }),
        ("a label of nearly all", Filter { labels: team("many"), ..none() }),
        ("a label of none", Filter { labels: team("nobody"), ..none() }),
        ("two labels", Filter { labels: [team("many"), team("rare")].concat(), ..none() }),
        ("a label and a time", Filter { labels: team("many"), created_after: Some(moment(50)), ..none() }),
        ("a label and status", Filter { labels: team("rare"), status, ..none() }),
    ]
}

fn query(t: &Bench, filter: &Filter, order: Order, after: &PageAfter, view: View) -> Select<job::Entity> {
    page(t.database().read().get_database_backend(), filter, order, after, 51, view)
}

async fn look_at_all(t: &Bench) {
    let middle = PageAfter::Cursor(Cursor { created_at: moment(50), id: format!("job-{}", jobs() / 2) });
    for (name, filter) in filters() {
        // PostgreSQL knows how many jobs each of two conditions lets through, and may rather intersect them.
        let two = filter.labels.len() > 1 || (!filter.labels.is_empty() && filter.status.is_some());
        if t.db.backend == Backend::Postgres && two {
            continue;
        }
        for order in [Order::NewestFirst, Order::OldestFirst] {
            for after in [PageAfter::Offset(0), PageAfter::Offset(100), middle.clone()] {
                for view in [View::Full, View::Summary] {
                    let what = format!("{name}, {order:?}, {after:?}, {view:?}");
                    let page = query(t, &filter, order, &after, view);
                    // A text is looked for in all jobs only when there are few.
                    if filter.q.is_none() {
                        assert_served_by_an_index(t, &what, &page).await;
                    }
                    let last = Cursor {
                        created_at: moment(if order == Order::NewestFirst { 20 } else { 80 }),
                        id: "job-1".into(),
                    };
                    assert_served_by_an_index(t, &format!("{what}, up to a job"), &up_to(page, &filter, order, &last))
                        .await;
                }
            }
        }
    }
}

on_both!(every_page_is_a_range_of_an_index);
async fn every_page_is_a_range_of_an_index(t: Bench) {
    fill(&t).await;
    if t.db.backend == Backend::Sqlite {
        look_at_all(&t).await;
    }
    analyze(&t).await;
    look_at_all(&t).await;
}
