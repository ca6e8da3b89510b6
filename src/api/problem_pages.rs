//! Pages `/problems/{code}`, to which the `type` of a problem leads: what the code means, what to
//! do, and which calls return it.

use super::{
    contract::{AUTH_CODES, COMMON_CODES, MUTATION_CODES, WITH_BODY},
    operation_table::operations,
};
use crate::{
    codes::CODES,
    dashboard::{File, send},
};
use poem::{
    Request, Response, Result, Route,
    endpoint::make_sync,
    error::NotFoundError,
    get,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue},
};
use std::{collections::HashMap, fmt::Write, sync::LazyLock};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;\
                     padding:0 1rem;color-scheme:light dark}code{font-size:.95em}\
                     td{padding:.15rem 1rem .15rem 0;vertical-align:top}";

/// The pages by code; the list of all codes has the empty name.
static PAGES: LazyLock<HashMap<&str, File>> = LazyLock::new(|| {
    let pages = CODES.iter().map(|(code, ..)| (*code, file(&page(code))));
    pages.chain([("", file(&list()))]).collect()
});

pub fn add(routes: Route) -> Route {
    let show = |request: &Request, code: &str| -> Result<Response> {
        let file = PAGES.get(code).ok_or(NotFoundError)?;
        let mut response = send(request, file, "no-cache");
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, POLICY);
        Ok(response)
    };
    let one = make_sync(move |request: Request| show(&request, &request.path_params::<String>()?));
    let all = make_sync(move |request: Request| show(&request, ""));
    routes
        .at("/problems", get(all))
        .at("/problems/:code", get(one))
}

fn file(html: &str) -> File {
    File::new("text/html; charset=utf-8", html)
}

fn html(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} · Callsheet</title>\n<style>{STYLE}</style>\n{body}</html>\n"
    )
}

/// Links are relative, so that they lead there under any path prefix.
fn page(code: &str) -> String {
    let (status, title) = crate::codes::status_and_title(code);
    let calls = match calls(code) {
        None => "any call".to_owned(),
        Some(calls) if calls.is_empty() => "requests outside of the API".to_owned(),
        Some(calls) => calls
            .iter()
            .map(|id| format!("<code>{id}</code>"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let body = format!(
        "<h1>{title}</h1>\n<p>Code <code>{code}</code>, HTTP status {status}.</p>\n\
         <h2>What to do</h2>\n<p>{}</p>\n<h2>Where it comes from</h2>\n<p>Returned by {calls}.</p>\n\
         <p><a href=\"../problems\">All codes</a> · <a href=\"../docs\">API</a></p>\n",
        escaped(remedy(code))
    );
    html(title, &body)
}

fn list() -> String {
    let mut rows = String::new();
    for (code, status, title) in CODES {
        let _ = writeln!(
            rows,
            "<tr><td>{status}<td><a href=\"problems/{code}\"><code>{code}</code></a><td>{title}"
        );
    }
    let body =
        format!("<h1>Problems</h1>\n<table>\n{rows}</table>\n<p><a href=\"docs\">API</a></p>\n");
    html("Problems", &body)
}

/// Returns the operations that return the code; `None` for all of them.
fn calls(code: &str) -> Option<Vec<&'static str>> {
    let everywhere = [&COMMON_CODES[..], &MUTATION_CODES, &WITH_BODY, &AUTH_CODES];
    if everywhere.iter().any(|codes| codes.contains(&code)) {
        return None;
    }
    let returning = operations().filter(|one| {
        let archived = one.code_of_archived().is_some_and(|of| of == code);
        archived || one.codes.contains(&code) || one.auth_codes().contains(&code)
    });
    Some(returning.map(|one| one.id).collect())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Returns a sentence that says what to do about the code.
fn remedy(code: &str) -> &'static str {
    match code {
        "invalid_request" => {
            "Correct the fields that `errors` names: each has a pointer into the body, or the name \
             of a parameter or header, and a sentence."
        }
        "unknown_parameter" => {
            "Correct or remove the query parameters that `errors` names. The server refuses what \
             it does not know, because a misspelt filter would apply the call to everything."
        }
        "confirmation_required" => {
            "The filter matches every job. Narrow it, or send `confirm: true`."
        }
        "malformed_body" => "Send complete JSON in UTF-8.",
        "unauthenticated" => {
            "Send a valid key as `Authorization: Bearer cs_…`. An admin makes one with \
             `callsheet keys create`."
        }
        "not_own_job" => {
            "Ask the owner of the key that `created_by` of the job names, or use a key with the role \
            operator or admin."
        }
        "outside_binding" => {
            "Use types and labels that the key is bound to, as `GET /api/v1/session` lists them, or \
            another key."
        }
        "key_bound" => "Use a key that is not bound to types or labels; an admin makes one.",
        "role_missing" => "Use a key with the role that `detail` names; an admin makes one.",
        "key_revoked" => "Create a new key.",
        "origin_refused" => {
            "A page of another site made the request. If the page is yours, start the server with \
             --cors-origin and its origin."
        }
        "route_not_found" => "Check the address; the API's page lists all paths.",
        "job_not_found" | "item_not_found" | "shot_not_found" | "series_not_found"
        | "episode_not_found" | "import_not_found" | "action_not_found" | "key_not_found"
        | "schedule_not_found" | "webhook_not_found" | "delivery_not_found" => {
            "Check the id. It may have been deleted, or belong to another server."
        }
        "media_not_found" => {
            "Check the path: it is relative to the folder that the server was started with."
        }
        "method_not_allowed" => "Use one of the methods in the header Allow.",
        "body_too_slow" => {
            "Send the body without long pauses, or start the server with a lower --min-body-rate."
        }
        "job_transition_illegal" => {
            "Read the job's status first: `detail` says which change it allows."
        }
        "job_not_processing" => "Start or claim the job before you report on it.",
        "job_ended" => "Retry the job first, or leave it off the list of active jobs.",
        "job_not_ended" => "Wait until the job has ended, or cancel it.",
        "no_failed_items" => "Nothing is to be done: no item of the job has failed.",
        "cannot_undo" => {
            "Look at the job as it is now: someone changed it since, or the change is of a kind \
             that cannot be taken back."
        }
        "action_running" => "Wait until the action has ended, or abort it, then undo it.",
        "job_exists" => "Choose another job_id, or let the server choose one.",
        "no_backup_folder" => "Start the server with --backup-dir, or run `callsheet backup`.",
        "backup_failed" => {
            "Free space in the folder of backups, or mend what `detail` names; then try again."
        }
        "job_archived" => {
            "Restore the job first: `POST /api/v1/jobs/{job_id}/restore`, or `callsheet archive \
             restore`. Reading it with `get_job` needs no restore."
        }
        "archive_unavailable" => {
            "Bring the folder or the bucket of `--archive` back, and let the server read and write \
             there. Jobs in the database are not affected, and nothing is removed meanwhile."
        }
        "archive_damaged" => {
            "Run `callsheet archive verify`, and put the objects that it names back from a copy of \
             the folder or the bucket."
        }
        "schedule_exists" => "Choose another schedule_id, or change the schedule that has it.",
        "webhook_of_jobs" => {
            "Pause the webhook `jobs`, rotate its secret, or read its deliveries; its URLs are \
             those that jobs name when they are created."
        }
        "lease_lost" => {
            "Stop working on the job: its lease has expired, and another worker may have it. \
             Claim a new job."
        }
        "shots_counted_from_items" => "Report the items instead; the server counts them.",
        "shots_exceed_total" => "Send a total_shots of at least completed_shots.",
        "item_conflict" => "Give each item of the job a key of its own.",
        "episode_number_taken" => "Choose another number in the series.",
        "counter_exhausted" => "Create a new job in place of this one.",
        "version_mismatch" => {
            "Read the job again, and repeat the change with its new ETag in If-Match."
        }
        "media_changed" => "Request the whole file again.",
        "body_too_large" => {
            "Send less, or start the server with a larger --max-body-bytes or --max-upload-bytes."
        }
        "media_type_unsupported" => "Send the Content-Type that `detail` names.",
        "content_encoding_unsupported" => {
            "Send the body uncompressed, or with a coding in the header Accept-Encoding."
        }
        "range_not_satisfiable" => "Ask for a range within the size in Content-Range.",
        "host_refused" => {
            "Call the server by its address, or start it with --allowed-host and the name."
        }
        "idempotency_key_reused" => {
            "Use a new Idempotency-Key for each new request; the same one only to repeat a call."
        }
        "too_many_connections" => {
            "Close some connections, or start the server with a larger \
             --max-connections-per-address."
        }
        "rate_limited" => {
            "Wait for the seconds in Retry-After, or have an admin make a key with a larger \
             --requests-per-minute."
        }
        "too_many_waits" => "Close streams or waiting calls of this key, or use several keys.",
        "too_many_failures" => {
            "Wait for the seconds in Retry-After, and correct the key: it is wrong or revoked."
        }
        "internal_error" => "The server's log has the cause under the request_id. Report that id.",
        "overloaded" | "search_too_long" | "database_unavailable" | "not_ready" => {
            "Try again after the seconds in Retry-After; `detail` says what the server waits for."
        }
        "draining" => "Send new requests to another server; this one stops soon.",
        "disk_full" => "Free disk space on the server.",
        _ => "The detail of the problem says what to do.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_remedy_of_its_own_or_of_its_kind() {
        for (code, ..) in CODES {
            assert_ne!(remedy(code), remedy(""), "{code}");
        }
    }
}
