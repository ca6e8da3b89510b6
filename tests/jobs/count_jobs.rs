//! count_jobs.

use crate::support::{TestApp, any_job};
use callsheet::jobs::{Counts, Filter, NewJob, Order, PageAfter, View};
use entity::JobStatus;

#[on_both]
async fn jobs_are_counted_by_status(t: TestApp) {
    assert_eq!(
        t.count_jobs(&Filter::default()).await.unwrap(),
        Counts::default()
    );
    let wanted = [
        (JobStatus::Queued, 1),
        (JobStatus::Processing, 2),
        (JobStatus::Completed, 3),
        (JobStatus::Failed, 4),
        (JobStatus::Cancelled, 5),
    ];
    for (status, n) in wanted {
        for _ in 0..n {
            t.job_in(status).await;
        }
    }
    let counts = t.count_jobs(&Filter::default()).await.unwrap();
    assert_eq!(
        counts,
        Counts {
            queued: 1,
            processing: 2,
            completed: 3,
            failed: 4,
            cancelled: 5
        }
    );
    assert_eq!(counts.total(), 15);
}

#[on_both]
async fn counts_go_by_the_filters_of_a_list(t: TestApp) {
    t.create(NewJob {
        job_type: "other".into(),
        ..any_job()
    })
    .await;
    t.started().await;
    t.queued().await;
    let filter = Filter {
        job_type: Some("idea2video".into()),
        ..Default::default()
    };
    assert_eq!(
        t.count_jobs(&filter).await.unwrap(),
        Counts {
            queued: 1,
            processing: 1,
            ..Default::default()
        }
    );
    let filter = Filter {
        status: Some(JobStatus::Queued),
        ..Default::default()
    };
    assert_eq!(
        t.count_jobs(&filter).await.unwrap(),
        Counts {
            queued: 2,
            ..Default::default()
        }
    );
}

#[on_both]
async fn a_total_that_is_not_kept_is_counted_to_a_thousand_and_says_when_there_are_more(
    t: TestApp,
) {
    let of_a_mode = |n| {
        vec![
            NewJob {
                mode: Some("idea".into()),
                ..any_job()
            };
            n
        ]
    };
    let total = async |filter: Filter| {
        let page = t
            .list_jobs(
                &filter,
                Order::NewestFirst,
                PageAfter::Start,
                1,
                View::Summary,
            )
            .await
            .unwrap();
        (page.total.jobs, page.total.exact)
    };
    let idea = || Filter {
        mode: Some("idea".into()),
        ..Filter::default()
    };
    t.create_jobs(of_a_mode(1000), None).await.unwrap();
    assert_eq!(total(idea()).await, (1000, true));
    t.create_jobs(of_a_mode(2), None).await.unwrap();
    assert_eq!(total(idea()).await, (1000, false));
    assert_eq!(total(Filter::default()).await, (1002, true));
    assert_eq!(t.count_jobs(&idea()).await.unwrap().total(), 1002);
}
