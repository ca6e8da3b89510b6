//! Permissions, and the roles that have them.

use entity::Role;

/// Permission to call some of the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Jobs, items, events, streams, statistics, queues, workers, actions and imports, to read.
    JobsRead,
    JobsCreate,
    JobsChange,
    JobsDelete,
    JobsClaim,
    /// Reports on jobs: starts, heartbeats, progress, items and outcomes.
    JobsReport,
    /// The job that each client works on.
    ActiveWrite,
    QueuesWrite,
    SeriesWrite,
    SchedulesWrite,
    /// Webhooks and their deliveries, to read.
    WebhooksRead,
    WebhooksManage,
    ActionsRun,
    ImportsRun,
    BackupsRun,
    KeysManage,
    AuditRead,
}

impl Permission {
    pub const ALL: [Permission; 17] = [
        Permission::JobsRead,
        Permission::JobsCreate,
        Permission::JobsChange,
        Permission::JobsDelete,
        Permission::JobsClaim,
        Permission::JobsReport,
        Permission::ActiveWrite,
        Permission::QueuesWrite,
        Permission::SeriesWrite,
        Permission::SchedulesWrite,
        Permission::WebhooksRead,
        Permission::WebhooksManage,
        Permission::ActionsRun,
        Permission::ImportsRun,
        Permission::BackupsRun,
        Permission::KeysManage,
        Permission::AuditRead,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Permission::JobsRead => "jobs:read",
            Permission::JobsCreate => "jobs:create",
            Permission::JobsChange => "jobs:change",
            Permission::JobsDelete => "jobs:delete",
            Permission::JobsClaim => "jobs:claim",
            Permission::JobsReport => "jobs:report",
            Permission::ActiveWrite => "active:write",
            Permission::QueuesWrite => "queues:write",
            Permission::SeriesWrite => "series:write",
            Permission::SchedulesWrite => "schedules:write",
            Permission::WebhooksRead => "webhooks:read",
            Permission::WebhooksManage => "webhooks:manage",
            Permission::ActionsRun => "actions:run",
            Permission::ImportsRun => "imports:run",
            Permission::BackupsRun => "backups:run",
            Permission::KeysManage => "keys:manage",
            Permission::AuditRead => "audit:read",
        }
    }

    /// Returns whether a key with this role may do it.
    pub fn is_of(self, role: Role) -> bool {
        use Permission as P;
        match role {
            Role::Reader => matches!(self, P::JobsRead),
            Role::Creator => matches!(self, P::JobsRead | P::JobsCreate) || self.is_of_own(role),
            Role::Worker => matches!(self, P::JobsRead | P::JobsClaim | P::JobsReport),
            Role::Operator => !matches!(
                self,
                P::WebhooksManage | P::ImportsRun | P::BackupsRun | P::KeysManage | P::AuditRead
            ),
            Role::Admin => true,
        }
    }

    /// Returns whether a key with this role may do it only with the jobs that the key created.
    pub fn is_of_own(self, role: Role) -> bool {
        use Permission as P;
        role == Role::Creator && matches!(self, P::JobsChange | P::JobsDelete | P::ActiveWrite)
    }

    /// Returns the role that may do it and the least else.
    pub fn least_role(self) -> Role {
        let may = ROLES.into_iter().find(|(role, _)| self.is_of(*role));
        may.map_or(Role::Admin, |(role, _)| role)
    }
}

/// Roles with their names, from the one that may least.
pub const ROLES: [(Role, &str); 5] = [
    (Role::Reader, "reader"),
    (Role::Creator, "creator"),
    (Role::Worker, "worker"),
    (Role::Operator, "operator"),
    (Role::Admin, "admin"),
];

pub fn role_name(role: Role) -> &'static str {
    let known = ROLES.into_iter().find(|(known, _)| *known == role);
    known.map_or("admin", |(_, name)| name)
}

/// Returns the role with this name.
pub fn role_named(name: &str) -> Option<Role> {
    let known = ROLES.into_iter().find(|(_, known)| *known == name);
    known.map(|(role, _)| role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_may_what_a_reader_may_and_an_admin_may_everything() {
        for (role, _) in ROLES {
            assert!(Permission::JobsRead.is_of(role), "{role:?}");
        }
        for permission in Permission::ALL {
            assert!(permission.is_of(Role::Admin), "{permission:?}");
            assert!(permission.is_of(permission.least_role()));
        }
    }

    #[test]
    fn an_operator_may_what_a_creator_and_a_worker_may() {
        for permission in Permission::ALL {
            let either = permission.is_of(Role::Creator) || permission.is_of(Role::Worker);
            assert!(
                !either || permission.is_of(Role::Operator),
                "{permission:?}"
            );
        }
    }

    #[test]
    fn a_worker_neither_creates_nor_deletes() {
        for permission in [Permission::JobsCreate, Permission::JobsDelete] {
            assert!(!permission.is_of(Role::Worker));
        }
    }

    #[test]
    fn a_creator_changes_and_deletes_its_own_jobs_alone() {
        for permission in [Permission::JobsChange, Permission::JobsDelete] {
            assert!(permission.is_of(Role::Creator) && permission.is_of_own(Role::Creator));
            assert!(!permission.is_of_own(Role::Operator));
        }
        assert!(!Permission::JobsRead.is_of_own(Role::Creator));
    }

    #[test]
    fn names_lead_back_to_their_roles() {
        for (role, name) in ROLES {
            assert_eq!((role_name(role), role_named(name)), (name, Some(role)));
        }
        assert_eq!(role_named("Admin"), None);
    }
}
