//! Expressions and conditions whose SQL differs between the databases, or is that of an index.

use crate::lifecycle::{MAX_SIGNATURE_CHARS, signature_pattern};
use entity::job;
use sea_orm::{
    DbBackend,
    sea_query::{Expr, Func, LikeExpr, extension::postgres::PgExpr},
};

/// Condition that the job waits for a worker: it is queued, and nothing holds it back. The values
/// are literals, because with bound ones the planner does not use a partial index.
pub fn is_claimable() -> Expr {
    Expr::cust("status = 'queued' AND holds = 0")
}

/// Condition that the job is processing; a literal for the reason given at [`is_claimable`].
pub fn is_processing() -> Expr {
    Expr::cust("status = 'processing'")
}

/// Condition that the action is running; a literal for the reason given at [`is_claimable`].
pub fn is_running() -> Expr {
    Expr::cust("status = 'running'")
}

/// Time since which a queued job has been due, spelled like the expression of its index.
pub fn due_since() -> Expr {
    Expr::cust(
        "(CASE WHEN run_at > COALESCE(status_since, created_at) THEN run_at ELSE \
        COALESCE(status_since, created_at) END)",
    )
}

/// Number of characters at the beginning of a column that a text search covers.
const MAX_SEARCHED_CHARS: i32 = 65_536;

/// Condition that the beginning of the column contains the text, ignoring case (on SQLite only that
/// of ASCII letters). SQLite's LIKE would take the product of both lengths where the text almost
/// matches in many places.
pub fn contains_text(backend: DbBackend, column: Expr, text: &str) -> Expr {
    if backend == DbBackend::Sqlite {
        let sql = format!("instr(lower(substr(?, 1, {MAX_SEARCHED_CHARS})), ?) > 0");
        return Expr::cust_with_exprs(sql, [column, Expr::val(text.to_ascii_lowercase())]);
    }
    // A trigram index that an operator creates by hand has to be on exactly this expression.
    let column = Expr::cust_with_exprs(format!("substr($1, 1, {MAX_SEARCHED_CHARS})"), [column]);
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    // The backslash is PostgreSQL's escape by default, and sea-query's ILIKE … ESCAPE is a syntax
    // error there.
    column.ilike(LikeExpr::new(pattern))
}

/// Condition that the error in the column has the signature.
pub fn error_has_signature(backend: DbBackend, column: Expr, signature: &str) -> Expr {
    let sql = if backend == DbBackend::Sqlite {
        format!("substr(?, 1, {MAX_SIGNATURE_CHARS}) REGEXP ?")
    } else {
        format!("substr($1, 1, {MAX_SIGNATURE_CHARS}) ~ $2")
    };
    Expr::cust_with_exprs(sql, [column, Expr::val(signature_pattern(signature))])
}

/// Job column in a form that keeps SQLite from using an index on it. PostgreSQL needs no such hint.
pub fn unindexed(backend: DbBackend, column: job::Column) -> Expr {
    let column = Expr::col((job::Entity, column));
    match backend {
        DbBackend::Sqlite => Expr::cust_with_expr("+?", column),
        _ => column,
    }
}

/// Text of a member of the JSON object in the column; null if there is none.
pub fn text_member(backend: DbBackend, column: Expr, name: &str) -> Expr {
    match backend {
        DbBackend::Postgres => column.cast_json_field(name),
        // Another program may have written text that is not JSON, on which json_extract would fail
        // the whole statement.
        _ => Expr::cust_with_exprs(
            "CASE WHEN json_valid(?) THEN json_extract(?, ?) END",
            [column.clone(), column, format!("$.\"{name}\"").into()],
        ),
    }
}

/// Number of the log lines in the data of an event; null or 0 if there are none.
pub fn number_of_lines(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => {
            "CASE WHEN jsonb_typeof(data -> 'lines') = 'array' \
             THEN jsonb_array_length(data -> 'lines')::bigint END"
        }
        _ => "CASE WHEN json_valid(data) THEN json_array_length(data, '$.lines') END",
    })
}

/// Year and month of a time column in UTC, such as `2026-01`. SQLite holds times as texts in UTC.
pub fn month_of(backend: DbBackend, column: Expr) -> Expr {
    match backend {
        DbBackend::Postgres => {
            Expr::cust_with_expr("to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM')", column)
        }
        _ => prefix(column, 7),
    }
}

/// First characters of the text, on either database, so that the rest is not sent.
pub fn prefix(column: Expr, characters: i32) -> Expr {
    Func::cust("substr")
        .arg(column)
        .arg(1)
        .arg(characters)
        .into()
}

/// Text column in byte order, which is SQLite's default. PostgreSQL's depends on the database's
/// locale.
pub fn bytewise(backend: DbBackend, column: &str) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust(format!("\"{column}\" COLLATE \"C\"")),
        _ => Expr::col(column.to_owned()),
    }
}

/// Condition that the column equals one of the texts of a list, which is bound as one value. On
/// PostgreSQL a SELECT without a table surrounds the value, so that the server parses the list once
/// and not for each row that it examines.
pub fn is_one_of(backend: DbBackend, column: Expr, list: String) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs(
            "$1 = ANY((SELECT ($2::text)::text[])::text[])",
            [column, list.into()],
        ),
        _ => Expr::cust_with_exprs(
            "? IN (SELECT value FROM json_each(?))",
            [column, list.into()],
        ),
    }
}
