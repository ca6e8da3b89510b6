//! The labels that lead to jobs: the database keeps them as the jobs' own, whoever writes.

use crate::support::{Backend, TestApp, any_job};
use callsheet::jobs::{Filter, JobPatch, NewJob, Order, PageAfter, View};
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement};

fn labelled(id: &str, labels: &[(&str, &str)]) -> NewJob {
    let labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    NewJob {
        job_id: Some(id.to_owned()),
        labels,
        ..any_job()
    }
}

fn with(labels: &[(&str, &str)]) -> Filter {
    let labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Filter {
        labels,
        ..Filter::default()
    }
}

/// The ids of the jobs under the filter, oldest first, as the list, its total and the counts tell
/// of them.
async fn found(t: &TestApp, filter: &Filter) -> Vec<String> {
    let page = t
        .list_jobs(
            filter,
            Order::OldestFirst,
            PageAfter::Offset(0),
            200,
            View::Summary,
        )
        .await
        .unwrap();
    assert_eq!(
        (page.total.jobs, page.total.exact),
        (page.jobs.len() as u64, true),
        "{filter:?}"
    );
    assert_eq!(
        t.count_jobs(filter).await.unwrap().total(),
        page.total.jobs,
        "{filter:?}"
    );
    page.jobs.into_iter().map(|job| job.id).collect()
}

/// What is kept, and what stands in the jobs, as text.
async fn assert_kept(t: &TestApp, when: &str) {
    let of_jobs = match t.db.backend {
        Backend::Sqlite => {
            "SELECT DISTINCT label.key || '=' || label.value || ' ' || job.id || ' ' || job.created_at \
             FROM video_generation_jobs AS job, json_each(job.labels) AS label \
             WHERE json_type(job.labels) = 'object' AND label.type = 'text' AND length(label.value) <= 255 ORDER BY 1"
        }
        Backend::Postgres => {
            "SELECT label.key || '=' || (label.value #>> '{}') || ' ' || job.id || ' ' || job.created_at::text \
             FROM video_generation_jobs AS job, jsonb_each(CASE WHEN jsonb_typeof(job.labels) = 'object' THEN job.labels END) AS label \
             WHERE jsonb_typeof(label.value) = 'string' AND length(label.value #>> '{}') <= 255 ORDER BY 1"
        }
    };
    let time = if t.db.backend == Backend::Sqlite {
        "job_created_at"
    } else {
        "job_created_at::text"
    };
    let kept = format!(
        "SELECT label_key || '=' || label_value || ' ' || job_id || ' ' || {time} FROM job_labels \
        ORDER BY 1"
    );
    let raw = t.db.raw().await;
    let mut seen = Vec::new();
    for sql in [of_jobs, &kept] {
        let rows = raw
            .query_all_raw(Statement::from_string(raw.get_database_backend(), sql))
            .await
            .unwrap();
        seen.push(
            rows.iter()
                .map(|row| row.try_get_by_index(0).unwrap())
                .collect::<Vec<String>>(),
        );
    }
    raw.close().await.unwrap();
    assert_eq!(seen[1], seen[0], "{when}");
}

#[on_both]
async fn a_job_is_found_by_the_labels_that_it_has_now(t: TestApp) {
    t.create(labelled("a", &[("team", "red"), ("tier", "gold")]))
        .await;
    t.create(labelled("b", &[("team", "red")])).await;
    t.create(labelled("c", &[("team", "blue"), ("tier", "gold")]))
        .await;
    t.create(labelled("d", &[])).await;
    assert_eq!(found(&t, &with(&[("team", "red")])).await, ["a", "b"]);
    assert_eq!(
        found(&t, &with(&[("team", "red"), ("tier", "gold")])).await,
        ["a"]
    );
    assert_eq!(
        found(&t, &with(&[("tier", "gold"), ("team", "red")])).await,
        ["a"]
    );
    assert!(found(&t, &with(&[("team", "re")])).await.is_empty());
    let queued = Filter {
        status: Some(entity::JobStatus::Queued),
        ..with(&[("tier", "gold")])
    };
    assert_eq!(found(&t, &queued).await, ["a", "c"]);

    let labels = [
        ("team".to_owned(), Some("red".to_owned())),
        ("tier".to_owned(), None),
    ]
    .into();
    let patch = JobPatch {
        labels: Some(Some(labels)),
        ..JobPatch::default()
    };
    t.update_job("c", patch, None).await.unwrap();
    assert_eq!(found(&t, &with(&[("team", "red")])).await, ["a", "b", "c"]);
    assert_eq!(found(&t, &with(&[("tier", "gold")])).await, ["a"]);
    t.delete_job("a", None).await.unwrap();
    assert_eq!(found(&t, &with(&[("team", "red")])).await, ["b", "c"]);
    assert_kept(&t, "after all").await;
}

#[on_both]
async fn pages_under_a_label_go_on_where_the_last_one_ended(t: TestApp) {
    for n in 0..9 {
        t.create(labelled(
            &format!("job-{n}"),
            &[("team", if n % 3 == 0 { "rare" } else { "many" })],
        ))
        .await;
        if n % 2 == 0 {
            t.clock.advance(TimeDelta::seconds(1));
        }
    }
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let (mut after, mut seen) = (PageAfter::Offset(0), Vec::new());
        loop {
            let page = t
                .list_jobs(&with(&[("team", "many")]), order, after, 2, View::Full)
                .await
                .unwrap();
            assert_eq!(page.total.jobs, 6);
            seen.extend(page.jobs.into_iter().map(|job| job.id));
            match page.next {
                Some(next) => after = PageAfter::Cursor(next),
                None => break,
            }
        }
        if order == Order::NewestFirst {
            seen.reverse();
        }
        assert_eq!(
            seen,
            ["job-1", "job-2", "job-4", "job-5", "job-7", "job-8"],
            "{order:?}"
        );
    }
}

#[on_both]
async fn labels_are_kept_whatever_strangers_write(t: TestApp) {
    for n in 0..6 {
        t.create(labelled(
            &format!("job-{n}"),
            &[("team", "red"), ("n", &n.to_string())],
        ))
        .await;
    }
    let raw = t.db.raw().await;
    let long = "x".repeat(256);
    for sql in [
        "UPDATE video_generation_jobs SET labels = '{\"team\": \"blue\"}' WHERE id IN ('job-1', \
        'job-2')".to_owned(),
        "UPDATE video_generation_jobs SET labels = NULL WHERE id = 'job-3'".to_owned(),
        "UPDATE video_generation_jobs SET labels = '[\"team\"]' WHERE id = 'job-4'".to_owned(),
        "UPDATE video_generation_jobs SET labels = '{\"n\": 5, \"team\": null, \"a\": {\"b\": \
        \"c\"}}' WHERE id = 'job-4'".to_owned(),
        format!("UPDATE video_generation_jobs SET labels = '{{\"team\": \"red\", \"long\": \
            \"{long}\"}}' WHERE id = 'job-4'"),
        "UPDATE video_generation_jobs SET labels = '{\"n\": \"5\", \"n\": \"5\"}' WHERE id = \
        'job-5'".to_owned(),
        "UPDATE video_generation_jobs SET created_at = updated_at, priority = 3".to_owned(),
        "INSERT INTO video_generation_jobs (id, job_type, status, labels, created_at, updated_at) \
         SELECT 'copy-' || id, job_type, status, labels, created_at, updated_at FROM video_generation_jobs".to_owned(),
        "UPDATE video_generation_jobs SET id = 'other' WHERE id = 'copy-job-0'".to_owned(),
        "DELETE FROM video_generation_jobs WHERE id LIKE 'copy-%'".to_owned(),
    ] {
        raw.execute_unprepared(&sql).await.unwrap();
        assert_kept(&t, &sql).await;
    }
    assert_eq!(
        found(&t, &with(&[("team", "blue")])).await,
        ["job-1", "job-2"]
    );
    if t.db.backend == Backend::Postgres {
        raw.execute_unprepared("TRUNCATE video_generation_jobs CASCADE")
            .await
            .unwrap();
        assert_kept(&t, "truncated").await;
    }
    raw.close().await.unwrap();
}
