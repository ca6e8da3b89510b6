//! The table of all error codes with their HTTP statuses and titles.

/// Every code with its HTTP status and its title. Codes are stable: clients rely on them.
pub const CODES: [(&str, u16, &str); 41] = [
    ("invalid_request", 400, "The request is not valid"),
    (
        "confirmation_required",
        400,
        "An action on all jobs has to be confirmed",
    ),
    ("malformed_body", 400, "The body is not valid JSON"),
    (
        "origin_refused",
        403,
        "Pages of this origin may not change anything",
    ),
    ("route_not_found", 404, "There is nothing at this path"),
    ("job_not_found", 404, "There is no such job"),
    ("item_not_found", 404, "There is no such item"),
    ("shot_not_found", 404, "There is no such shot"),
    ("series_not_found", 404, "There is no such series"),
    ("episode_not_found", 404, "There is no such episode"),
    ("import_not_found", 404, "There is no such import"),
    ("action_not_found", 404, "There is no such action"),
    ("media_not_found", 404, "There is no such file"),
    (
        "method_not_allowed",
        405,
        "This path does not take the method",
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
    ("job_exists", 409, "The job's id is taken"),
    ("lease_lost", 409, "The job is not held under this lease"),
    (
        "shots_counted_from_items",
        409,
        "The shots are counted from the items",
    ),
    (
        "shots_exceed_total",
        409,
        "More shots would be done than there are",
    ),
    (
        "item_conflict",
        409,
        "The items contradict each other, or those of the job",
    ),
    ("episode_number_taken", 409, "The episode's number is taken"),
    ("counter_exhausted", 409, "The job takes no more steps"),
    ("version_mismatch", 412, "The job has changed meanwhile"),
    ("media_changed", 412, "The file has changed meanwhile"),
    ("body_too_large", 413, "The body is too large"),
    (
        "media_type_unsupported",
        415,
        "The body is of a media type that is not taken here",
    ),
    (
        "range_not_satisfiable",
        416,
        "The file does not have this range",
    ),
    (
        "host_refused",
        421,
        "This server does not answer to this name",
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
    ("internal_error", 500, "Something went wrong inside"),
    ("overloaded", 503, "The server is busy"),
    (
        "search_too_long",
        503,
        "Looking through the jobs took too long",
    ),
    ("database_unavailable", 503, "The database does not answer"),
    ("not_ready", 503, "The server does not do all of its work"),
    ("disk_full", 507, "The disk is full"),
];

/// Returns the HTTP status and the title of a code.
pub fn status_and_title(code: &str) -> (u16, &'static str) {
    let row = CODES.iter().find(|(c, ..)| *c == code);
    row.map_or((500, "Internal error"), |(_, status, title)| {
        (*status, *title)
    })
}
