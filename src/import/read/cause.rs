//! Message of a database error, without the prefixes of the layers above the database.

pub fn cause(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once("error returned from database: ")
        .map_or(text.as_str(), |(_, cause)| cause);
    // PostgreSQL appends a line number of its C source.
    let text = text
        .rsplit_once(" at line ")
        .map_or(text, |(cause, _)| cause);
    text.trim_end_matches('.').to_owned()
}
