//! Looks at the queues of thousands of types.

use crate::support::{TestApp, any_job};
use callsheet::{
    db::{Database, Observer, Options},
    jobs::{JobManager, NewJob, StatsDetail},
    lifecycle::BucketSize,
};
use std::sync::{Arc, Mutex};

#[on_both]
async fn what_comes_next_of_two_thousand_types_is_asked_in_statements_of_few_parts(t: TestApp) {
    for half in 0..2 {
        let new = |n: i32| NewJob {
            job_id: Some(format!("job-{:04}", half * 1000 + n)),
            job_type: format!("type-{:04}", half * 1000 + n),
            priority: i16::from(n == 500),
            ..any_job()
        };
        for made in t
            .create_jobs((0..1000).map(new).collect(), None)
            .await
            .unwrap()
        {
            made.unwrap();
        }
        t.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let asked = Arc::new(Mutex::new(Vec::new()));
    let see = asked.clone();
    let observer = Observer(Arc::new(move |statement| {
        see.lock().unwrap().push(statement.sql.clone());
    }));
    let options = Options {
        observer: Some(observer),
        ..Options::new(&t.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    let server = JobManager::new(db, t.clock.clone(), t.chance.clone());
    let detail = StatsDetail {
        next: Some(5),
        failures: None,
    };
    let stats = server
        .get_stats(BucketSize::Minute, None, detail)
        .await
        .unwrap();
    let next: Vec<_> = stats.next.unwrap().into_iter().map(|job| job.id).collect();
    assert_eq!(
        next,
        ["job-0500", "job-1500", "job-0000", "job-0001", "job-0002"]
    );
    server.database().clone().close().await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(asked.len() < 40, "{} statements", asked.len());
    for sql in asked.iter() {
        let parts = sql.matches("UNION ALL").count();
        assert!(parts <= 80, "{parts} parts");
    }
}
