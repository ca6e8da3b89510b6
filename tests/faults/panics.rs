//! A write that panics beside others.

use crate::support::{TestApp, any_job, refusal};
use callsheet::db::write::{ChangeJob, Items};
use futures_util::future::{Either, join_all};

fn panicking(id: &str) -> ChangeJob {
    ChangeJob {
        id: id.to_owned(),
        if_version: None,
        items: Items::None,
        weight: 0,
        // Past the panic hook, which would fill the output.
        decide: Box::new(|_| std::panic::resume_unwind(Box::new("a bug"))),
    }
}

#[on_both]
async fn a_write_that_panics_fails_alone(t: TestApp) {
    let id = t.queued().await.id;
    // All are queued before the first transaction has ended, so they share the next ones.
    let calls = (0..60).map(|i| {
        if i % 20 == 10 {
            let broken = async {
                let changed = t.database().commit(panicking(&id)).await;
                refusal(changed.map(|changed| changed.job), "internal_error");
            };
            Either::Left(broken)
        } else {
            Either::Right(async { drop(t.create_job(any_job(), None).await.unwrap()) })
        }
    });
    join_all(calls).await;
}
