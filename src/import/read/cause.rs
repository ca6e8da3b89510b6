//! A database's own words for what went wrong, without what each layer puts before them.

pub fn cause(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once("error returned from database: ").map_or(text.as_str(), |(_, cause)| cause);
    // PostgreSQL names the line of its own source in which it found out.
    let text = text.rsplit_once(" at line ").map_or(text, |(cause, _)| cause);
    text.trim_end_matches('.').to_owned()
}
