//! Paths, methods and query parameters of the document's operations. A request that names a
//! parameter which its operation does not take is refused: a misspelt filter would otherwise be
//! ignored, and the call would apply to everything.

use super::{problem::Problem, problem::shown, spec};
use crate::error::{FieldError, MAX_ERRORS};
use poem::http::{Method, Uri};
use std::collections::HashSet;

/// Query parameter of an operation.
pub struct Parameter {
    pub name: String,
    /// Whether it may be given several times.
    pub repeatable: bool,
}

/// A path of the document.
pub struct Route {
    /// Parts of the path template between its slashes; a parameter is in braces.
    pub parts: Vec<String>,
    /// Methods in upper case, comma separated.
    pub methods: String,
    /// Query parameters of each method.
    pub parameters: Vec<(Method, Vec<Parameter>)>,
}

pub struct OperationRoutes(Vec<Route>);

impl OperationRoutes {
    pub fn of_document() -> Self {
        Self(spec::routes())
    }

    /// Returns the route of a path. If several match, the template with the fewest parameters is
    /// the most specific. Slashes at the end and repeated ones mean nothing.
    fn find(&self, path: &str) -> Option<&Route> {
        let parts = || path.split('/').filter(|part| !part.is_empty());
        let length = parts().count();
        let fits = |route: &&Route| {
            let mut pairs = route.parts.iter().zip(parts());
            route.parts.len() == length && pairs.all(|(t, p)| is_parameter(t) || t == p)
        };
        let found = self.0.iter().filter(fits);
        found.min_by_key(|route| route.parts.iter().filter(|part| is_parameter(part)).count())
    }

    /// Returns the methods of a path, for the header `Allow`.
    pub fn methods(&self, path: &str) -> Option<&str> {
        self.find(path).map(|route| route.methods.as_str())
    }

    /// Returns the real name of a path parameter, which poem-openapi calls `param0`, `param1`, ….
    pub fn name_of(&self, name: &str, path: &str) -> String {
        let position = name
            .strip_prefix("param")
            .and_then(|n| n.parse::<usize>().ok());
        let named = position.zip(self.find(path)).and_then(|(n, route)| {
            let mut names = route.parts.iter().filter(|part| is_parameter(part));
            names.nth(n)
        });
        named
            .map_or(name, |part| part.trim_matches(['{', '}']))
            .to_owned()
    }

    /// Returns the job id in a path, if its template has one.
    pub fn job_id<'p>(&self, path: &'p str) -> Option<&'p str> {
        let route = self.find(path)?;
        let place = route.parts.iter().position(|part| part == "{job_id}")?;
        path.split('/').filter(|part| !part.is_empty()).nth(place)
    }

    /// Refuses unknown and repeated query parameters. Pages, files and unknown paths take any.
    pub fn check_query(&self, method: &Method, uri: &Uri) -> Result<(), Problem> {
        // Most requests have no query, and looking up their route would cost each of them.
        let Some(query) = uri.query().filter(|query| !query.is_empty()) else {
            return Ok(());
        };
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let route = self.find(uri.path());
        let known = route.and_then(|route| route.parameters.iter().find(|(m, _)| m == method));
        let Some((_, known)) = known else {
            return Ok(());
        };
        let errors = wrong_parameters(query, known);
        if errors.is_empty() {
            return Ok(());
        }
        let count = errors.len();
        let detail = match errors.first() {
            Some(first) if count == 1 => first.detail.clone(),
            _ => format!("{count} query parameters are not valid: see errors."),
        };
        Err(Problem {
            errors,
            ..Problem::new("unknown_parameter", detail)
        })
    }
}

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

fn wrong_parameters(query: &str, known: &[Parameter]) -> Vec<FieldError> {
    let (mut seen, mut errors) = (HashSet::new(), Vec::new());
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if errors.len() >= MAX_ERRORS {
            break;
        }
        match known.iter().find(|one| one.name == name) {
            None if seen.insert(name.to_string()) => errors.push(unknown(&name, known)),
            Some(one) if !seen.insert(name.to_string()) && !one.repeatable => {
                let detail = format!("Send {name} once: this request has it several times.");
                errors.push(FieldError::parameter(&*name, "repeated_parameter", detail));
            }
            _ => {}
        }
    }
    errors
}

fn unknown(name: &str, known: &[Parameter]) -> FieldError {
    let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
    let taken = match names.as_slice() {
        [] => "This call takes no query parameters; remove it.".to_owned(),
        [one] => format!("This call takes only {one}."),
        [most @ .., last] => format!("This call takes {} and {last}.", most.join(", ")),
    };
    let meant = nearest(name, &names).map(|near| format!("Did you mean {near}? "));
    let detail = format!(
        "Unknown query parameter {}. {}{taken}",
        shown(name),
        meant.unwrap_or_default()
    );
    FieldError::parameter(shown(name), "unknown_parameter", detail)
}

/// Returns the known name that differs least from the given one, if it differs by at most a third
/// of its letters; case does not count.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    const MAX_CHARS: usize = 64;
    let name: String = name.chars().take(MAX_CHARS).collect();
    let name = name.to_ascii_lowercase();
    let distance = |one: &str| strsim::damerau_levenshtein(&name, one);
    let near = known.iter().map(|one| (distance(one), *one)).min()?;
    (near.0 <= (near.1.len() / 3).max(1)).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_proposed_and_none_when_all_are_far() {
        let known = [
            "client_id",
            "job_id",
            "created_after",
            "created_before",
            "q",
        ];
        for (name, near) in [
            ("jobid", Some("job_id")),
            ("jobId", Some("job_id")),
            ("createdAfter", Some("created_after")),
            ("created_befor", Some("created_before")),
            ("clientid", Some("client_id")),
            ("page_size", None),
            ("", Some("q")),
        ] {
            assert_eq!(nearest(name, &known), near, "{name}");
        }
    }
}
