//! Pages of list_jobs: by offset and by cursor, each row once.

use crate::support::{TestApp, any_job, parameters, refusal};
use callsheet::jobs::{Filter, NewJob, Order, Page, PageAfter, View};
use callsheet::lifecycle::Cursor;
use chrono::{DateTime, TimeDelta};
use sea_orm::ConnectionTrait;
use serde_json::json;

const ORDERS: [Order; 2] = [Order::NewestFirst, Order::OldestFirst];

async fn page(t: &TestApp, filter: &Filter, order: Order, after: PageAfter, limit: u64) -> Page {
    t.list_jobs(filter, order, after, limit, View::Summary)
        .await
        .unwrap()
}

fn ids(page: &Page) -> impl Iterator<Item = String> + '_ {
    page.jobs.iter().map(|job| job.id.clone())
}

/// Jobs of which some share a moment, created in an order that is not the order of their ids.
async fn forty(t: &TestApp) {
    for n in 0..40_i64 {
        if n % 3 == 0 {
            t.clock.advance(TimeDelta::microseconds(
                [1, 1_000, 1_000_000][(n % 9 / 3) as usize],
            ));
        }
        let style = (n % 2 == 0).then(|| "even".to_owned());
        t.create(NewJob {
            job_id: Some(format!("job-{:02}", n * 7 % 40)),
            mode: style,
            ..any_job()
        })
        .await;
    }
}

async fn by_cursor(t: &TestApp, filter: &Filter, order: Order, limit: u64) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after = PageAfter::Offset(0);
    loop {
        let page = page(t, filter, order, after, limit).await;
        seen.extend(ids(&page));
        match page.next {
            Some(next) => {
                assert_eq!(page.jobs.len() as u64, limit);
                after = PageAfter::Cursor(Cursor::decode(&next.encode()).unwrap());
            }
            None => return seen,
        }
    }
}

async fn by_offset(t: &TestApp, filter: &Filter, order: Order, limit: u64) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let page = page(
            t,
            filter,
            order,
            PageAfter::Offset(seen.len() as u64),
            limit,
        )
        .await;
        let more = page.next.is_some();
        seen.extend(ids(&page));
        assert_eq!(more, (seen.len() as u64) < page.total.jobs);
        if !more {
            return seen;
        }
    }
}

#[on_both]
async fn offset_and_cursor_agree_and_meet_each_job_once(t: TestApp) {
    forty(&t).await;
    for filter in [
        Filter::default(),
        Filter {
            mode: Some("even".into()),
            ..Default::default()
        },
    ] {
        let mut all: Vec<_> = page(&t, &filter, Order::OldestFirst, PageAfter::Offset(0), 200)
            .await
            .jobs;
        let whole: Vec<_> = all.iter().map(|job| job.id.clone()).collect();
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        assert_eq!(
            whole,
            all.iter().map(|job| job.id.clone()).collect::<Vec<_>>(),
            "by time, then by id"
        );
        for order in ORDERS {
            let mut expected = whole.clone();
            if order == Order::NewestFirst {
                expected.reverse();
            }
            for limit in [1, 7, 20, 39, 40, 41] {
                assert_eq!(
                    by_cursor(&t, &filter, order, limit).await,
                    expected,
                    "{order:?} {limit}"
                );
                assert_eq!(
                    by_offset(&t, &filter, order, limit).await,
                    expected,
                    "{order:?} {limit}"
                );
            }
        }
    }
}

#[on_both]
async fn jobs_of_one_moment_are_paged_by_id(t: TestApp) {
    for id in ["b", "a.2", "a", "B", "a:1", "c", "_"] {
        t.named(id).await;
    }
    for order in ORDERS {
        let mut seen = by_cursor(&t, &Filter::default(), order, 2).await;
        assert_eq!(seen, by_offset(&t, &Filter::default(), order, 3).await);
        seen.sort();
        assert_eq!(seen, ["B", "_", "a", "a.2", "a:1", "b", "c"]);
    }
}

#[on_both]
async fn rows_that_come_between_two_pages_move_no_row_over_the_edge(t: TestApp) {
    forty(&t).await;
    let before = by_cursor(&t, &Filter::default(), Order::NewestFirst, 200).await;
    let mut seen = Vec::new();
    let mut after = PageAfter::Offset(0);
    loop {
        let page = page(&t, &Filter::default(), Order::NewestFirst, after, 6).await;
        seen.extend(ids(&page));
        t.clock.advance(TimeDelta::seconds(1));
        t.queued().await;
        match page.next {
            Some(next) => after = PageAfter::Cursor(next),
            None => break,
        }
    }
    assert_eq!(seen, before);
}

#[on_both]
async fn the_cursor_of_a_deleted_job_still_names_a_place(t: TestApp) {
    forty(&t).await;
    let all = by_cursor(&t, &Filter::default(), Order::NewestFirst, 200).await;
    let first = page(
        &t,
        &Filter::default(),
        Order::NewestFirst,
        PageAfter::Offset(0),
        5,
    )
    .await;
    t.delete_job(&all[4], None).await.unwrap();
    let rest = page(
        &t,
        &Filter::default(),
        Order::NewestFirst,
        PageAfter::Cursor(first.next.unwrap()),
        200,
    )
    .await;
    assert_eq!(ids(&rest).collect::<Vec<_>>(), all[5..]);
}

#[on_both]
async fn a_page_has_1_to_200_jobs(t: TestApp) {
    for limit in [0, 201, 10_000, u64::MAX] {
        let refused = t
            .list_jobs(
                &Filter::default(),
                Order::NewestFirst,
                PageAfter::Offset(0),
                limit,
                View::Full,
            )
            .await;
        assert_eq!(
            parameters(&refusal(refused, "invalid_request")),
            ["limit out_of_range"]
        );
    }
}

#[on_both]
async fn a_page_behind_the_last_job_is_empty_however_far(t: TestApp) {
    t.queued().await;
    for offset in [1, 1_000_000, i64::MAX as u64] {
        let page = page(
            &t,
            &Filter::default(),
            Order::NewestFirst,
            PageAfter::Offset(offset),
            1,
        )
        .await;
        assert_eq!(
            (page.jobs.len(), page.total.jobs, page.next),
            (0, 1, None),
            "{offset}"
        );
    }
    let refused = t
        .list_jobs(
            &Filter::default(),
            Order::NewestFirst,
            PageAfter::Offset(u64::MAX),
            1,
            View::Full,
        )
        .await;
    assert_eq!(
        parameters(&refusal(refused, "invalid_request")),
        ["offset out_of_range"]
    );
}

#[on_both]
async fn a_deep_offset_finds_the_same_rows_whichever_end_is_nearer(t: TestApp) {
    let raw = t.db.raw().await;
    // Seven share each moment.
    let row = |n: u32| {
        format!(
            "('job-{n:03}', 't-{}', 'queued', '2026-01-01T00:00:{:02}+00:00', \
            '2026-01-01T00:00:00+00:00')",
            n % 2,
            n / 7 % 60
        )
    };
    let rows: Vec<String> = (0..420).map(row).collect();
    let sql = format!(
        "INSERT INTO video_generation_jobs (id, job_type, status, created_at, updated_at) VALUES \
        {}",
        rows.join(", ")
    );
    raw.execute_unprepared(&sql).await.unwrap();
    raw.close().await.unwrap();
    let one_type = Filter {
        job_type: Some("t-1".into()),
        ..Default::default()
    };
    let counted = Filter {
        created_after: DateTime::from_timestamp_secs(0),
        ..Default::default()
    };
    for (filter, rows) in [(Filter::default(), 420), (one_type, 210), (counted, 420)] {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let mut all = Vec::new();
            while all.len() < rows {
                all.extend(ids(&page(
                    &t,
                    &filter,
                    order,
                    PageAfter::Offset(all.len() as u64),
                    30,
                )
                .await));
            }
            all.dedup();
            assert_eq!(all.len(), rows);
            for offset in [201, 205, 209, 250, 390, 419]
                .into_iter()
                .filter(|offset| *offset < rows)
            {
                let page = page(&t, &filter, order, PageAfter::Offset(offset as u64), 5).await;
                assert_eq!(
                    ids(&page).collect::<Vec<_>>(),
                    all[offset..(offset + 5).min(rows)],
                    "{offset} {order:?} {filter:?}"
                );
                assert_eq!(page.next.is_some(), offset + 5 < rows);
            }
        }
    }
}

#[on_both]
async fn a_page_has_every_value_whole_whatever_the_sizes_of_its_rows(t: TestApp) {
    // A page of 200 may hold 2,995 bytes in each long column before sizes are asked for.
    for bytes in [0, 1, 2_900, 2_995, 2_996, 3_100, 50_000, 300_000] {
        t.create(NewJob {
            content: Some("f".repeat(bytes)),
            user_requirement: Some("r".repeat(bytes.min(5_000))),
            request_data: json!({"frames": "n".repeat(bytes)}).as_object().cloned(),
            labels: [("team".to_owned(), "red".to_owned())].into(),
            ..any_job()
        })
        .await;
    }
    let labelled = Filter {
        labels: vec![("team".to_owned(), "red".to_owned())],
        ..Filter::default()
    };
    for (filter, limit) in [Filter::default(), labelled]
        .into_iter()
        .flat_map(|filter| [1, 2, 8, 200].map(|limit| (filter.clone(), limit)))
    {
        let (mut after, mut read) = (PageAfter::Start, Vec::new());
        loop {
            let page = t
                .list_jobs(&filter, Order::OldestFirst, after, limit, View::Full)
                .await
                .unwrap();
            read.extend(page.jobs);
            match page.next {
                Some(next) => after = PageAfter::Cursor(next),
                None => break,
            }
        }
        assert_eq!(read.len(), 8, "limit {limit}, {filter:?}");
        for job in read {
            assert_eq!(job, t.get_job(&job.id).await.unwrap(), "limit {limit}");
        }
    }
}
