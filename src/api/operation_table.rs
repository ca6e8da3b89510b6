//! The table of all operations of the document, put together from the files of handlers.

use super::{
    actions, active_jobs, audit, backups, claims, contract::Operation, deliveries, episodes,
    events, generate, health, imports, items, jobs, keys, legacy, lifecycle, media_links, reports,
    schedules, series, servers, session, shots, spec, stats, storage, streams, webhooks, workers,
};

const CONTRACTS: [&[Operation]; 31] = [
    generate::CONTRACT,
    jobs::CONTRACT,
    jobs::count::CONTRACT,
    jobs::one::CONTRACT,
    lifecycle::CONTRACT,
    claims::CONTRACT,
    workers::CONTRACT,
    reports::CONTRACT,
    items::CONTRACT,
    shots::CONTRACT,
    media_links::CONTRACT,
    events::CONTRACT,
    streams::CONTRACT,
    stats::CONTRACT,
    active_jobs::CONTRACT,
    actions::CONTRACT,
    schedules::CONTRACT,
    webhooks::CONTRACT,
    deliveries::CONTRACT,
    series::CONTRACT,
    episodes::CONTRACT,
    imports::CONTRACT,
    storage::CONTRACT,
    backups::CONTRACT,
    keys::CONTRACT,
    audit::CONTRACT,
    session::CONTRACT,
    health::CONTRACT,
    servers::CONTRACT,
    legacy::direct_pipeline::CONTRACT,
    legacy::videos::CONTRACT,
];

/// Returns all operations.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    CONTRACTS.into_iter().flatten()
}

/// Returns the operation with this id.
pub fn operation_of(id: &str) -> Option<&'static Operation> {
    operations().find(|operation| operation.id == id)
}

/// Returns an error that names the served operations without a row, if there are any.
pub fn check() -> Result<(), String> {
    let served = spec::operation_ids().into_iter().map(|(_, _, id)| id);
    let lost: Vec<_> = served.filter(|id| operation_of(id).is_none()).collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(format!("no contract is set for {}", lost.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_row() {
        check().unwrap();
        let served = spec::operation_ids();
        for (i, operation) in operations().enumerate() {
            let id = operation.id;
            assert!(
                !operations().take(i).any(|other| other.id == id),
                "{id} twice"
            );
            assert!(
                served.iter().any(|(_, _, other)| other == id),
                "{id} is no operation"
            );
        }
    }
}
