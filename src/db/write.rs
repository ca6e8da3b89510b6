//! Writes: what each does inside its transaction is in the folder of its table.

pub use crate::db::actions::action::{ClaimAction, EndAction, StartAction};
pub use crate::db::actions::action_batch::{ActionPlace, ActionStep, ActionTarget, RunActionBatch};
pub use crate::db::actions::undo::StartUndo;
pub use crate::db::catalog::active_jobs::{RemoveActive, SetActive};
pub use crate::db::catalog::audit::{InsertAudit, PruneAudit};
pub use crate::db::catalog::episodes::{CreateEpisode, DeleteEpisode, UpdateEpisode};
pub use crate::db::catalog::keys::{InsertKey, NoteKeysUsed, RevokeKey, RotateKey};
pub use crate::db::catalog::queues::{KeepPatch, SetQueue, queues};
pub use crate::db::catalog::schedules::change::{
    ChangeSchedule, DecideSchedule, DeleteSchedule, InsertSchedule, RunSchedule,
};
pub use crate::db::catalog::schedules::fire::{FireSchedule, Fired};
pub use crate::db::catalog::series::{CreateSeries, DeleteSeries, UpdateSeries};
pub use crate::db::catalog::servers::{NoteServer, RemoveServer};
pub use crate::db::catalog::sessions::{EndSession, StartSession};
pub use crate::db::catalog::webhooks::change::{
    ChangeWebhook, DecideWebhook, DeleteWebhook, Hurry, InsertWebhook, SkipToEnd,
};
pub use crate::db::catalog::webhooks::deliveries::{
    InsertDelivery, PruneDeliveries, RetryDelivery,
};
pub use crate::db::catalog::webhooks::message::test_message;
pub use crate::db::catalog::webhooks::of_jobs::{ProvideJobsWebhook, kinds_of};
pub use crate::db::catalog::webhooks::plan::PlanDeliveries;
pub use crate::db::catalog::webhooks::replay::{DeleteDeliveries, ReplayWebhook, ResetDeliveries};
pub use crate::db::catalog::webhooks::send::{
    ClaimDeliveries, DecideOutcome, MAX_IN_FLIGHT, RecordDelivery,
};
pub use crate::db::catalog::workers::{ForgetWorkers, NoteWorkers, WorkerNote};
pub use crate::db::connection::probe::{ProbeWrite, TakeBackProbe};
pub use crate::db::events::follow::{Follow, Followed, Follower};
pub use crate::db::events::positions::{position, slowest_position};
pub use crate::db::events::prune_events::{PruneEvents, Pruned};
pub use crate::db::imports::{
    AbortImport, ActiveJob, FailOrphanedImports, FinishImport, HeartbeatImport, ImportBatch,
    Imported, ImportedJob, OnConflict, OwnRows, PruneImport, StartImport, dry_run,
};
pub use crate::db::jobs::change_job::{
    Change, ChangeJob, ChangeJobs, Changed, Items, Loaded, Start,
};
pub use crate::db::jobs::claim::assign::run_until;
pub use crate::db::jobs::claim::capacity::running;
pub use crate::db::jobs::claim::claim_jobs::{ClaimJobs, Claimed};
pub use crate::db::jobs::claim::claim_statements::claim_statements;
pub use crate::db::jobs::claim::claimed_before::was_claimed;
pub use crate::db::jobs::claim::queue_head::{first_due, first_due_of_all, place_in_line};
pub use crate::db::jobs::claim::rank_level::{RankLevel, levels};
pub use crate::db::jobs::create_job::{CreateJob, CreateJobs, Created};
pub use crate::db::jobs::delete_job::DeleteJob;
pub use crate::db::jobs::job_tokens::{NewJobToken, PruneJobTokens};
pub use crate::db::jobs::prune_log_lines::{FoundLines, LogLines, PruneLogLines};
pub use crate::db::jobs::rescue_jobs::{
    DecideExpired, LeaseEnd, MAX_LEASE, RescueJobs, expired, newest_heard,
};
pub use crate::db::jobs::retry_failed_items::RetryFailedItems;
pub use crate::db::jobs::weight::{weight_of, weight_of_members, written_item, written_job};
pub use crate::db::retention::archives::{
    AbandonArchive, FinishArchive, ForgetArchive, StartArchive, WrittenJob,
};
pub use crate::db::retention::remove_ended::{RemoveEnded, ReturnPages};
pub use crate::db::retention::restore_archived::RestoreArchived;
pub use crate::db::stats::roll_up::{RollUp, Tallies};
