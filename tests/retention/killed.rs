//! `kill -9` of processes that archive, at random moments: every job is in exactly one place, and
//! nothing of it changes. The settings `CALLSHEET_TEST_ARCHIVED`, `CALLSHEET_TEST_KILLS`
//! and `CALLSHEET_TEST_SEED` make it larger, and repeat it.

use super::{
    archive::{archived_jobs, ended_jobs, files},
    archive_all,
    removal::many,
    steps::each_in_one_place,
    store,
};
use crate::{
    import::dump::export_text,
    support::{TestApp, callsheet, setting},
};
use callsheet::clock::{Clock, SystemClock};
use chrono::TimeDelta;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

/// Jobs of the short form.
const JOBS: usize = 1500;

/// Kills of the short form.
const KILLS: usize = 10;

#[on_both]
async fn kills_amid_an_archive_leave_each_job_in_one_place(t: TestApp) {
    let jobs = setting("CALLSHEET_TEST_ARCHIVED").unwrap_or(JOBS);
    let kills = setting("CALLSHEET_TEST_KILLS").unwrap_or(KILLS);
    let seed = setting("CALLSHEET_TEST_SEED").unwrap_or(20_261_130);
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = store();
    many(&t, jobs).await;
    let mut ids: Vec<String> = (0..jobs).map(|n| format!("job-{n:06}")).collect();
    ids.extend(ended_jobs(&t, 50).await);
    let before = export_text(&t).await;
    let path = folder.path().to_str().unwrap();
    let args = [
        "archive",
        "run",
        "--yes",
        "--keep-completed",
        "0",
        "--keep-cancelled",
        "0",
        "--keep-then",
        "archive",
        "--archive",
        path,
        "--database-url",
        &t.db.url,
    ];
    archive_all(&t, &folder);
    let mut seen = Vec::new();
    let mut longest = 900;
    for _ in 0..kills {
        let mut child = callsheet(&args).stdout(Stdio::null()).spawn().unwrap();
        // From before the first object to after several.
        tokio::time::sleep(Duration::from_millis(random.u64(50..longest))).await;
        child.kill().await.unwrap();
        let some: Vec<String> = (0..50)
            .map(|_| random.choice(&ids).unwrap().clone())
            .collect();
        each_in_one_place(&t, &some).await;
        seen.push(archived_jobs(&t).await);
        // A slow machine is still starting the process.
        if seen.last() == Some(&0) {
            longest *= 2;
        }
    }
    println!(
        "archived after each of {kills} kills: {seen:?} of {} (seed {seed})",
        ids.len()
    );
    each_in_one_place(&t, &ids).await;
    assert!(seen.last() > Some(&0), "the processes archive");
    // The clock of the test stands before that of the killed processes.
    t.clock.set(SystemClock.now() + TimeDelta::hours(2));
    t.run_retention().await.unwrap();
    assert_eq!(each_in_one_place(&t, &ids).await, ids.len());
    let (rows, _) = t.list_archives(None, 1000).await.unwrap();
    assert_eq!(files(&folder).len(), rows.len(), "nothing is left behind");
    assert_eq!(t.verify_archives().await.unwrap().findings, []);
    let began = Instant::now();
    for id in &ids {
        t.restore_job(id).await.unwrap();
    }
    println!("{} jobs restored in {:?}", ids.len(), began.elapsed());
    assert_eq!(export_text(&t).await, before);
}
