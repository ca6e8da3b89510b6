//! create_series, get_series, list_series, delete_series.

use crate::support::{TestApp, any_job, at_once, refusal};
use callsheet::jobs::{JobPatch, NewEpisode, NewJob};
use chrono::TimeDelta;

#[on_both]
async fn a_series_is_read_back_and_listed_newest_first(t: TestApp) {
    let mut ids = Vec::new();
    for n in 0..5 {
        // The second and third share a moment.
        t.clock.advance(TimeDelta::seconds(i64::from(n != 2)));
        ids.push(t.series(&format!("Series {n}")).await);
    }
    assert_eq!(t.get_series(&ids[0]).await.unwrap().title, "Series 0");
    ids.reverse();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = t.list_series(after, 2).await.unwrap();
        seen.extend(rows.into_iter().map(|row| row.id));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
}

#[on_both]
async fn the_jobs_of_a_deleted_series_stay_and_their_history_says_so(t: TestApp) {
    let (gone, kept) = (t.series("Gone").await, t.series("Kept").await);
    let episode = NewEpisode {
        series_id: Some(gone.clone()),
        title: None,
        number: Some(1),
    };
    let episode = t.create_episode(episode, None).await.unwrap();
    let new = |series: &str| NewJob {
        series_id: Some(series.into()),
        ..any_job()
    };
    let queued = t
        .create(NewJob {
            episode_id: Some(episode.id.clone()),
            ..new(&gone)
        })
        .await;
    let running = t.create(new(&gone)).await;
    t.start(&running.id).await;
    let other = t.create(new(&kept)).await;
    let untouched = t.whole(&other.id).await;
    let now = t.clock.advance(TimeDelta::seconds(1));
    t.delete_series(&gone).await.unwrap();
    for (before, version) in [(&queued, 2), (&running, 3)] {
        let whole = t.whole(&before.id).await;
        let job = whole.job.as_ref().unwrap();
        assert_eq!(
            (job.series_id.as_ref(), job.version, job.updated_at),
            (None, version, now)
        );
        assert_eq!(job.episode_id, before.episode_id, "the episode stays");
        assert_eq!(whole.kinds().last(), Some(&"detached"));
        whole.assert_history_is_whole();
    }
    assert_eq!(t.whole(&other.id).await, untouched);
    assert_eq!(t.get_episode(&episode.id).await.unwrap().series_id, None);
    refusal(t.get_series(&gone).await, "series_not_found");
    refusal(t.delete_series(&gone).await, "series_not_found");
}

#[on_both]
async fn of_two_deletions_of_a_series_at_once_one_finds_it(t: TestApp) {
    for _ in 0..10 {
        let series = t.series("S").await;
        let job = t
            .create(NewJob {
                series_id: Some(series.clone()),
                ..any_job()
            })
            .await
            .id;
        let delete = |_| {
            let (t, series) = (t.clone(), series.clone());
            async move { t.delete_series(&series).await.map_err(|e| e.code()) }
        };
        let mut outcomes = at_once((0..2).map(delete)).await;
        outcomes.sort();
        assert_eq!(outcomes, [Ok(()), Err("series_not_found")]);
        let whole = t.whole(&job).await;
        assert_eq!(whole.kinds(), ["created", "detached"]);
        whole.assert_history_is_whole();
    }
}

#[on_both]
async fn a_job_that_joins_while_the_series_is_deleted_is_let_in_and_detached_or_refused(
    t: TestApp,
) {
    for _ in 0..15 {
        let series = t.series("S").await;
        let member = t
            .create(NewJob {
                series_id: Some(series.clone()),
                ..any_job()
            })
            .await
            .id;
        let joiner = t.queued().await.id;
        let act = |n: i32| {
            let (t, series, joiner, member) =
                (t.clone(), series.clone(), joiner.clone(), member.clone());
            let join = JobPatch {
                series_id: Some(Some(series.clone())),
                ..Default::default()
            };
            let title = JobPatch {
                project_title: Some(Some("x".into())),
                ..Default::default()
            };
            async move {
                match n {
                    0 => t.delete_series(&series).await.map(|()| joiner),
                    1 => t.update_job(&joiner, join, None).await.map(|job| job.id),
                    2 => t.update_job(&member, title, None).await.map(|job| job.id),
                    _ => t
                        .create_job(
                            NewJob {
                                series_id: Some(series),
                                ..any_job()
                            },
                            None,
                        )
                        .await
                        .map(|c| c.job.id),
                }
                .map_err(|e| e.code())
            }
        };
        let outcomes = at_once((0..4).map(act)).await;
        assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
        for outcome in &outcomes[1..] {
            match outcome {
                Ok(id) => {
                    let whole = t.whole(id).await;
                    assert_eq!(whole.job.as_ref().unwrap().series_id, None, "{outcomes:?}");
                    whole.assert_history_is_whole();
                }
                Err(code) => assert_eq!(*code, "series_not_found"),
            }
        }
        t.whole(&joiner).await.assert_history_is_whole();
    }
}

#[on_both]
async fn a_series_of_a_thousand_jobs_is_deleted_as_a_whole(t: TestApp) {
    let series = t.series("Long").await;
    let create = |_| {
        let (t, series) = (t.clone(), series.clone());
        async move {
            t.create(NewJob {
                series_id: Some(series),
                ..any_job()
            })
            .await
            .id
        }
    };
    let ids = at_once((0..1000).map(create)).await;
    t.delete_series(&series).await.unwrap();
    for id in ids.iter().step_by(97) {
        t.whole(id).await.assert_history_is_whole();
        assert_eq!(t.get_job(id).await.unwrap().series_id, None);
    }
}
