//! The pages of a list, under each filter.

use super::{
    explain::{assert_led_to_by_an_index, assert_served_by_an_index},
    fill::{analyze, fill, jobs},
};
use crate::support::{Backend, TestApp};
use callsheet::{
    jobs::{Filter, IndexScan, KeyRange, Order, View, page},
    lifecycle::Cursor,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::JobStatus;
use sea_orm::QuerySelect;

/// The moment at which this part of the jobs was there.
fn moment(part: i32) -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_767_225_600).unwrap()
        + TimeDelta::seconds(jobs() / 200 * i64::from(part))
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
        (
            "job_type",
            Filter {
                job_type: text("type-3"),
                ..none()
            },
        ),
        (
            "an unknown job_type",
            Filter {
                job_type: text("nothing"),
                ..none()
            },
        ),
        (
            "a text",
            Filter {
                q: text("nowhere"),
                ..none()
            },
        ),
        (
            "a text and status",
            Filter {
                q: text("nowhere"),
                status,
                ..none()
            },
        ),
        (
            "mode",
            Filter {
                mode: text("idea"),
                ..none()
            },
        ),
        (
            "series_id",
            Filter {
                series_id: text("series-42"),
                ..none()
            },
        ),
        (
            "episode_id",
            Filter {
                episode_id: text("episode-43"),
                ..none()
            },
        ),
        (
            "created_after",
            Filter {
                created_after: Some(moment(99)),
                ..none()
            },
        ),
        (
            "created_before",
            Filter {
                created_before: Some(moment(1)),
                ..none()
            },
        ),
        (
            "both times",
            Filter {
                created_after: Some(moment(40)),
                created_before: Some(moment(60)),
                ..none()
            },
        ),
        (
            "status and a time",
            Filter {
                status,
                created_after: Some(moment(50)),
                ..none()
            },
        ),
        (
            "status and job_type",
            Filter {
                status,
                job_type: text("type-3"),
                ..none()
            },
        ),
        (
            "a label of one job in a hundred",
            Filter {
                labels: team("rare"),
                ..none()
            },
        ),
        (
            "a label of nearly all",
            Filter {
                labels: team("many"),
                ..none()
            },
        ),
        (
            "a label of none",
            Filter {
                labels: team("nobody"),
                ..none()
            },
        ),
        (
            "two labels",
            Filter {
                labels: [team("many"), team("rare")].concat(),
                ..none()
            },
        ),
        (
            "a label and a time",
            Filter {
                labels: team("many"),
                created_after: Some(moment(50)),
                ..none()
            },
        ),
        (
            "a series and a label",
            Filter {
                labels: team("many"),
                series_id: text("series-42"),
                ..none()
            },
        ),
        (
            "a mode and status",
            Filter {
                mode: text("idea"),
                status,
                ..none()
            },
        ),
        (
            "a label and status",
            Filter {
                labels: team("rare"),
                status,
                ..none()
            },
        ),
    ]
}

async fn look_at(t: &TestApp, what: &str, path: &IndexScan, part: &KeyRange, offset: u64) {
    let backend = t.database().read().get_database_backend();
    for view in [View::Full, View::Summary] {
        let mut query = page(backend, path, part, view).limit(51);
        if offset > 0 {
            query = query.offset(offset);
        }
        let what = format!("{what}, {part:?}, offset {offset}, {view:?}");
        match part.upto {
            Some(_) => assert_led_to_by_an_index(t, &what, &query).await,
            None => assert_served_by_an_index(t, &what, &query).await,
        }
    }
}

/// Whatever index leads.
async fn look_at_all(t: &TestApp) {
    let job = |part: i32| {
        Some(Cursor {
            created_at: moment(part),
            id: format!("job-{}", jobs() / 200 * i64::from(part)),
        })
    };
    for (name, filter) in filters() {
        // PostgreSQL knows how many jobs each of two conditions lets through, and may rather
        // intersect them.
        let intersects = t.db.backend == Backend::Postgres
            && !filter.labels.is_empty()
            && IndexScan::all(&filter).len() > 1;
        for path in IndexScan::all(&filter) {
            for order in [Order::NewestFirst, Order::OldestFirst] {
                let (first, next) = if order == Order::NewestFirst {
                    (198, 49)
                } else {
                    (2, 51)
                };
                for (behind, upto) in [(None, job(first)), (job(50), job(next))] {
                    let part = KeyRange {
                        order,
                        behind: behind.clone(),
                        upto,
                    };
                    look_at(t, name, &path, &part, 0).await;
                    // A text is looked for in all jobs only by who asks for an offset, and then in
                    // each of them.
                    if filter.q.is_none() && !intersects {
                        look_at(t, name, &path, &KeyRange { upto: None, ..part }, 0).await;
                    }
                }
                if filter.q.is_none() && !intersects {
                    look_at(
                        t,
                        name,
                        &path,
                        &KeyRange {
                            order,
                            ..KeyRange::default()
                        },
                        100,
                    )
                    .await;
                }
            }
        }
    }
}

#[on_both]
async fn every_page_is_a_range_of_an_index(t: TestApp) {
    fill(&t).await;
    if t.db.backend == Backend::Sqlite {
        look_at_all(&t).await;
    }
    analyze(&t).await;
    look_at_all(&t).await;
}
