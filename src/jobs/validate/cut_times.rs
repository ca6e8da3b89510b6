//! Truncation of the times of an imported job to the microseconds that both databases store.

use crate::{db::write::ImportedJob, jobs::validate};
use chrono::{DateTime, Utc};

/// Truncates the times of the rows to the microseconds that both databases store.
pub fn cut_times(record: &mut ImportedJob) {
    let cut = |time: &mut DateTime<Utc>| *time = validate::micros(*time);
    let job = &mut record.job;
    [&mut job.created_at, &mut job.updated_at]
        .into_iter()
        .for_each(cut);
    let optional = [
        &mut job.run_at,
        &mut job.started_at,
        &mut job.completed_at,
        &mut job.lease_expires_at,
        &mut job.cancel_requested_at,
        &mut job.status_since,
        &mut job.last_heard_at,
        &mut job.run_until,
    ];
    optional.into_iter().flatten().for_each(cut);
    for item in &mut record.items {
        [&mut item.created_at, &mut item.updated_at]
            .into_iter()
            .for_each(cut);
        [&mut item.started_at, &mut item.completed_at]
            .into_iter()
            .flatten()
            .for_each(cut);
    }
    let Some(own) = record.own.as_deref_mut() else {
        return;
    };
    own.history
        .iter_mut()
        .for_each(|event| cut(&mut event.created_at));
    own.series
        .iter_mut()
        .for_each(|series| cut(&mut series.created_at));
    own.episode
        .iter_mut()
        .for_each(|episode| cut(&mut episode.created_at));
    own.active
        .iter_mut()
        .for_each(|active| cut(&mut active.created_at));
}
