//! The table of all error codes with their HTTP statuses and titles.

/// Every code with its HTTP status and its title. Codes are stable: clients rely on them.
pub const CODES: [(&str, u16, &str); 66] = [
    ("invalid_request", 400, "The request is not valid"),
    (
        "confirmation_required",
        400,
        "An action on all jobs must be confirmed",
    ),
    (
        "unknown_parameter",
        400,
        "A query parameter is unknown or repeated",
    ),
    ("malformed_body", 400, "The body is not valid JSON"),
    ("unauthenticated", 401, "The call needs a valid key"),
    (
        "origin_refused",
        403,
        "Pages of this origin may not make changes",
    ),
    ("role_missing", 403, "The role of the key may not do this"),
    ("not_own_job", 403, "Another key created the job"),
    (
        "outside_binding",
        403,
        "The job would lie outside what the key is bound to",
    ),
    (
        "key_bound",
        403,
        "A key that is bound to types or labels may not do this",
    ),
    ("route_not_found", 404, "There is no resource at this path"),
    ("job_not_found", 404, "There is no such job"),
    ("item_not_found", 404, "There is no such item"),
    ("shot_not_found", 404, "There is no such shot"),
    ("series_not_found", 404, "There is no such series"),
    ("episode_not_found", 404, "There is no such episode"),
    ("import_not_found", 404, "There is no such import"),
    ("action_not_found", 404, "There is no such action"),
    ("key_not_found", 404, "There is no such key"),
    ("schedule_not_found", 404, "There is no such schedule"),
    ("webhook_not_found", 404, "There is no such webhook"),
    ("delivery_not_found", 404, "There is no such delivery"),
    ("media_not_found", 404, "There is no such file"),
    (
        "method_not_allowed",
        405,
        "This path does not support the method",
    ),
    ("body_too_slow", 408, "The body came too slowly"),
    (
        "job_transition_illegal",
        409,
        "The job's status does not allow this",
    ),
    ("job_not_processing", 409, "The job is not being processed"),
    ("job_ended", 409, "The job has ended"),
    ("job_not_ended", 409, "The job has not ended yet"),
    ("no_failed_items", 409, "The job has no failed items"),
    ("cannot_undo", 409, "The change cannot be undone"),
    ("action_running", 409, "The action is still running"),
    ("key_revoked", 409, "The key was revoked"),
    (
        "no_backup_folder",
        409,
        "The server has no folder for backups",
    ),
    ("job_archived", 409, "The job is in the archive"),
    ("job_exists", 409, "The job's id is taken"),
    ("schedule_exists", 409, "The schedule's id is taken"),
    (
        "webhook_of_jobs",
        409,
        "The webhook of jobs has no URL of its own",
    ),
    (
        "lease_lost",
        409,
        "The lease is no longer valid for this job",
    ),
    (
        "shots_counted_from_items",
        409,
        "The shots are counted from the items",
    ),
    (
        "shots_exceed_total",
        409,
        "completed_shots would exceed total_shots",
    ),
    (
        "item_conflict",
        409,
        "The items conflict with each other, or with the job's items",
    ),
    ("episode_number_taken", 409, "The episode's number is taken"),
    (
        "counter_exhausted",
        409,
        "A counter of the job is at its maximum: create a new job",
    ),
    (
        "version_mismatch",
        412,
        "The job has changed since this version",
    ),
    (
        "media_changed",
        412,
        "The file has changed since this version",
    ),
    ("body_too_large", 413, "The body is too large"),
    (
        "media_type_unsupported",
        415,
        "The media type of the body is not supported",
    ),
    (
        "content_encoding_unsupported",
        415,
        "The encoding of the body is not supported",
    ),
    (
        "range_not_satisfiable",
        416,
        "The file does not have this range",
    ),
    (
        "host_refused",
        421,
        "This server does not accept requests for this host",
    ),
    (
        "idempotency_key_reused",
        422,
        "The idempotency key belongs to another request",
    ),
    (
        "too_many_connections",
        429,
        "This address has too many connections",
    ),
    ("rate_limited", 429, "The key has made too many requests"),
    (
        "too_many_waits",
        429,
        "The key has too many streams or waiting calls",
    ),
    (
        "too_many_failures",
        429,
        "This address has sent too many wrong keys",
    ),
    ("backup_failed", 500, "No backup was made"),
    (
        "archive_damaged",
        500,
        "An object of the archive is damaged",
    ),
    ("internal_error", 500, "Something went wrong inside"),
    ("archive_unavailable", 503, "The archive does not answer"),
    ("overloaded", 503, "The server is busy"),
    (
        "search_too_long",
        503,
        "Looking through the jobs took too long",
    ),
    ("database_unavailable", 503, "The database does not answer"),
    (
        "not_ready",
        503,
        "The server is not ready: its schema lacks steps, or loops do not run",
    ),
    ("draining", 503, "The server stops soon"),
    ("disk_full", 507, "The disk is full"),
];

/// Returns the URI of the type of a problem (RFC 9457): the path of the page about its code.
pub fn type_of(code: &str) -> String {
    format!("/problems/{code}")
}

/// Returns the HTTP status and the title of a code.
pub fn status_and_title(code: &str) -> (u16, &'static str) {
    let row = CODES.iter().find(|(c, ..)| *c == code);
    row.map_or((500, "Internal error"), |(_, status, title)| {
        (*status, *title)
    })
}
