//! Writes: what each does inside its transaction is in the folder of its table.

pub use crate::db::actions::action::{
    ActionPlace, ActionStep, ActionTarget, ClaimAction, EndAction, RunActionBatch, StartAction,
};
pub use crate::db::actions::undo::StartUndo;
pub use crate::db::catalog::active_jobs::{RemoveActive, SetActive};
pub use crate::db::catalog::episodes::{CreateEpisode, DeleteEpisode};
pub use crate::db::catalog::keys::{InsertKey, NoteKeysUsed, RevokeKey, RotateKey};
pub use crate::db::catalog::queues::{SetQueue, queues};
pub use crate::db::catalog::series::{CreateSeries, DeleteSeries};
pub use crate::db::connection::probe::{ProbeWrite, TakeBackProbe};
pub use crate::db::events::positions::position;
pub use crate::db::events::prune_events::{PruneEvents, Pruned};
pub use crate::db::imports::{
    AbortImport, ActiveJob, FailOrphanedImports, FinishImport, HeartbeatImport, ImportBatch,
    Imported, ImportedJob, OnConflict, OwnRows, PruneImport, StartImport, dry_run,
};
pub use crate::db::jobs::change_job::{Change, ChangeJob, ChangeJobs, Changed, Items, Loaded};
pub use crate::db::jobs::claim::claim_jobs::{
    ClaimJobs, Claimed, claim_statements, run_until, running,
};
pub use crate::db::jobs::claim::claimed_before::was_claimed;
pub use crate::db::jobs::claim::queue_head::{
    RankLevel, first_due, first_due_of_all, levels, place_in_line,
};
pub use crate::db::jobs::create_job::{CreateJob, CreateJobs, Created};
pub use crate::db::jobs::delete_job::DeleteJob;
pub use crate::db::jobs::prune_log_lines::{FoundLines, LogLines, PruneLogLines};
pub use crate::db::jobs::rescue_jobs::{
    DecideExpired, LeaseEnd, MAX_LEASE, RescueJobs, expired, newest_heard,
};
pub use crate::db::jobs::retry_failed_items::RetryFailedItems;
pub use crate::db::jobs::weight::{weight_of, weight_of_members, written_item, written_job};
pub use crate::db::stats::roll_up::{RollUp, Tallies};
pub use crate::db::workers::{ForgetWorkers, NoteWorkers, WorkerNote};
