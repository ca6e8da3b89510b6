//! Kinds of objects that a call may name.

use std::fmt;

/// Kind of object that a lookup did not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Job,
    Item,
    Shot,
    Series,
    Episode,
    Import,
    Action,
    Key,
    Schedule,
    Webhook,
    Delivery,
}

impl Resource {
    /// Returns the code of the problem that there is none with the given id.
    pub fn not_found(self) -> &'static str {
        match self {
            Resource::Job => "job_not_found",
            Resource::Item => "item_not_found",
            Resource::Shot => "shot_not_found",
            Resource::Series => "series_not_found",
            Resource::Episode => "episode_not_found",
            Resource::Import => "import_not_found",
            Resource::Action => "action_not_found",
            Resource::Key => "key_not_found",
            Resource::Schedule => "schedule_not_found",
            Resource::Webhook => "webhook_not_found",
            Resource::Delivery => "delivery_not_found",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Resource::Job => "Job",
            Resource::Item => "Item",
            Resource::Shot => "Shot",
            Resource::Series => "Series",
            Resource::Episode => "Episode",
            Resource::Import => "Import",
            Resource::Action => "Action",
            Resource::Key => "Key",
            Resource::Schedule => "Schedule",
            Resource::Webhook => "Webhook",
            Resource::Delivery => "Delivery",
        })
    }
}
