//! What has to hold when all is over, whoever was killed.

use crate::support::Whole;
use entity::{ItemStatus, JobStatus, job, job_event, job_item};
use sea_orm::{EntityTrait, QueryOrder};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

pub struct Verdict {
    pub rescued: usize,
    pub wrong: Vec<String>,
}

impl Verdict {
    pub async fn of(url: &str, jobs: usize, most_rescued: usize, ledger: &Path) -> Self {
        let all = all(url).await;
        let mut wrong = Vec::new();
        if all.len() != jobs {
            wrong.push(format!("{} jobs instead of {jobs}", all.len()));
        }
        wrong.extend(all.values().flat_map(of_job));
        let rescued = all
            .values()
            .flat_map(|whole| whole.kinds())
            .filter(|kind| *kind == "rescued")
            .count();
        if rescued > most_rescued {
            wrong.push(format!(
                "{rescued} jobs were rescued, and the killed held {most_rescued} at most"
            ));
        }
        wrong.extend(of_ledger(&std::fs::read_to_string(ledger).unwrap(), &all));
        Self { rescued, wrong }
    }
}

async fn all(url: &str) -> BTreeMap<String, Whole> {
    let conn = sea_orm::Database::connect(url).await.unwrap();
    let none = |job: job::Model| {
        (
            job.id.clone(),
            Whole {
                job: Some(job),
                items: Vec::new(),
                events: Vec::new(),
            },
        )
    };
    let mut all: BTreeMap<_, _> = job::Entity::find()
        .all(&conn)
        .await
        .unwrap()
        .into_iter()
        .map(none)
        .collect();
    for item in job_item::Entity::find()
        .order_by_asc(job_item::Column::Idx)
        .all(&conn)
        .await
        .unwrap()
    {
        all.get_mut(&item.job_id).unwrap().items.push(item);
    }
    for event in job_event::Entity::find()
        .order_by_asc(job_event::Column::Seq)
        .all(&conn)
        .await
        .unwrap()
    {
        all.get_mut(&event.job_id).unwrap().events.push(event);
    }
    conn.close().await.unwrap();
    all
}

fn of_job(whole: &Whole) -> Vec<String> {
    let job = whole.job.as_ref().unwrap();
    let mut wrong = Vec::new();
    if job.status != JobStatus::Completed || job.lease_token.is_some() {
        wrong.push(format!(
            "{} is {} under {:?}",
            job.id, job.status, job.lease_token
        ));
    }
    let count = |kind: &str| whole.kinds().iter().filter(|k| **k == kind).count();
    if count("completed") != 1 {
        wrong.push(format!(
            "{} was completed {} times",
            job.id,
            count("completed")
        ));
    }
    // A start ends by the completion, a rescue, or a release of a claim that no worker received.
    if count("started") != 1 + count("rescued") + count("released") {
        wrong.push(format!("{} has the history {:?}", job.id, whole.kinds()));
    }
    if usize::try_from(job.attempt).unwrap() != 1 + count("rescued") - whole.uncounted() {
        wrong.push(format!(
            "{} counts {} attempts of {:?}",
            job.id,
            job.attempt,
            whole.kinds()
        ));
    }
    if whole
        .items
        .iter()
        .any(|item| item.status != ItemStatus::Completed)
    {
        wrong.push(format!("{} has open items", job.id));
    }
    if let Err(gap) = std::panic::catch_unwind(|| whole.assert_history_is_whole()) {
        wrong.push(gap.downcast_ref::<String>().cloned().unwrap_or_default());
    }
    wrong
}

/// What the workers wrote down, in the order of time.
fn of_ledger(text: &str, all: &BTreeMap<String, Whole>) -> Vec<String> {
    let line = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let time: u128 = words.next()?.parse().ok()?;
        Some((time, words.next()?, words.next()?, words.next()?))
    };
    let mut lines: Vec<_> = text.lines().filter_map(line).collect();
    lines.sort();
    let mut wrong = Vec::new();
    let mut acknowledged: HashMap<(String, String), u128> = HashMap::new();
    let mut completed = HashSet::new();
    for (time, what, job, item) in lines {
        match what.as_str() {
            "render" => {
                if let Some(before) = acknowledged.get(&(job.clone(), item.clone())) {
                    wrong.push(format!(
                        "{item} of {job} was rendered again, {} µs after it was acknowledged",
                        time - before
                    ));
                }
            }
            "acknowledged" => {
                acknowledged.insert((job, item), time);
            }
            _ => {
                if !completed.insert(job.clone()) {
                    wrong.push(format!("{job} was completed by two workers"));
                }
            }
        }
    }
    let missing = acknowledged
        .keys()
        .filter(|(job, _)| !all.contains_key(job));
    wrong
        .extend(missing.map(|(job, item)| format!("{item} of {job} was acknowledged and is gone")));
    wrong
}
