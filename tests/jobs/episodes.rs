//! create_episode, get_episode, list_episodes, delete_episode.

use crate::support::{TestApp, any_job, at_once, refusal};
use callsheet::jobs::{NewEpisode, NewJob};
use chrono::TimeDelta;
use entity::episode;

fn numbered(series: &str, number: i32) -> NewEpisode {
    NewEpisode {
        series_id: Some(series.into()),
        title: Some(format!("Part {number}")),
        number: Some(number),
    }
}

async fn create(t: &TestApp, new: NewEpisode) -> episode::Model {
    t.create_episode(new, None).await.unwrap()
}

#[on_both]
async fn episodes_are_listed_newest_first_of_one_series_or_all(t: TestApp) {
    let (a, b) = (t.series("A").await, t.series("B").await);
    let mut made = Vec::new();
    for (series, number) in [(&a, 0), (&b, 1), (&a, 2), (&a, 1)] {
        t.clock.advance(TimeDelta::seconds(1));
        made.push(create(&t, numbered(series, number)).await);
    }
    assert_eq!(t.get_episode(&made[0].id).await.unwrap(), made[0]);
    made.reverse();
    let (first, next) = t.list_episodes(None, None, 3).await.unwrap();
    let (rest, end) = t.list_episodes(None, next, 3).await.unwrap();
    assert_eq!(
        (first, rest, end),
        (made[..3].to_vec(), made[3..].to_vec(), None)
    );
    let (of_a, _) = t.list_episodes(Some(a), None, 10).await.unwrap();
    assert_eq!(
        of_a.iter().map(|e| e.number).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(0)]
    );
}

#[on_both]
async fn a_series_has_each_number_once(t: TestApp) {
    let (a, b) = (t.series("A").await, t.series("B").await);
    create(&t, numbered(&a, 1)).await;
    refusal(
        t.create_episode(numbered(&a, 1), None).await,
        "episode_number_taken",
    );
    create(&t, numbered(&b, 1)).await;
    for _ in 0..2 {
        create(
            &t,
            NewEpisode {
                series_id: Some(a.clone()),
                title: None,
                number: None,
            },
        )
        .await;
        create(
            &t,
            NewEpisode {
                series_id: None,
                title: None,
                number: Some(1),
            },
        )
        .await;
    }
}

#[on_both]
async fn of_two_that_take_one_number_at_once_one_does(t: TestApp) {
    let series = t.series("A").await;
    for number in 0..10 {
        let take = |_| {
            let (t, new) = (t.clone(), numbered(&series, number));
            async move {
                t.create_episode(new, None)
                    .await
                    .map(|_| ())
                    .map_err(|e| e.code())
            }
        };
        let mut outcomes = at_once((0..2).map(take)).await;
        outcomes.sort();
        assert_eq!(outcomes, [Ok(()), Err("episode_number_taken")]);
    }
}

#[on_both]
async fn deleting_a_series_with_episodes_of_one_number_elsewhere_is_no_conflict(t: TestApp) {
    let (a, b) = (t.series("A").await, t.series("B").await);
    let (one, other) = (
        create(&t, numbered(&a, 1)).await,
        create(&t, numbered(&b, 1)).await,
    );
    t.delete_series(&a).await.unwrap();
    t.delete_series(&b).await.unwrap();
    for id in [one.id, other.id] {
        assert_eq!(t.get_episode(&id).await.unwrap().series_id, None);
    }
}

#[on_both]
async fn the_jobs_of_a_deleted_episode_stay_and_their_history_says_so(t: TestApp) {
    let series = t.series("A").await;
    let episode = create(&t, numbered(&series, 1)).await.id;
    let new = NewJob {
        series_id: Some(series.clone()),
        episode_id: Some(episode.clone()),
        ..any_job()
    };
    let id = t.create(new).await.id;
    t.delete_episode(&episode).await.unwrap();
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.episode_id.as_ref(), job.series_id.as_ref()),
        (None, Some(&series))
    );
    assert_eq!(whole.kinds(), ["created", "detached"]);
    whole.assert_history_is_whole();
    refusal(t.get_episode(&episode).await, "episode_not_found");
    refusal(t.delete_episode(&episode).await, "episode_not_found");
}

#[on_both]
async fn a_series_and_its_episodes_deleted_at_once_leave_whole_histories(t: TestApp) {
    for _ in 0..10 {
        let series = t.series("A").await;
        let episode = create(&t, numbered(&series, 1)).await.id;
        let new = || NewJob {
            series_id: Some(series.clone()),
            episode_id: Some(episode.clone()),
            ..any_job()
        };
        let jobs = [t.create(new()).await.id, t.create(new()).await.id];
        let delete = |n: i32| {
            let (t, series, episode) = (t.clone(), series.clone(), episode.clone());
            async move {
                if n == 0 {
                    t.delete_series(&series).await
                } else {
                    t.delete_episode(&episode).await
                }
                .map_err(|e| e.code())
            }
        };
        assert_eq!(at_once((0..2).map(delete)).await, [Ok(()), Ok(())]);
        for id in jobs {
            let whole = t.whole(&id).await;
            assert_eq!(whole.kinds(), ["created", "detached", "detached"]);
            whole.assert_history_is_whole();
        }
    }
}
