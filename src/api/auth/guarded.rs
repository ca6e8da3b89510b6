//! Search for the operation of a request, with what a call of it needs.

use crate::api::{
    contract::{Bound, KEYS, Need},
    operation_table::operation_of,
    spec,
};
use poem::http::Method;
use std::sync::Arc;

/// An operation as a request finds it.
#[derive(Debug)]
pub struct Guarded {
    /// Parts of the path template between its slashes; a parameter is in braces.
    parts: Vec<String>,
    method: Method,
    pub id: Arc<str>,
    pub need: Need,
    pub bound: Bound,
}

impl Guarded {
    /// Returns the ids in the path of a call, joined by slashes; `None` if it has none.
    pub fn target(&self, path: &str) -> Option<String> {
        let pairs = self.parts.iter().zip(parts(path));
        let ids = pairs.filter(|(template, _)| is_parameter(template));
        let ids: Vec<&str> = ids.map(|(_, part)| part).collect();
        (!ids.is_empty()).then(|| ids.join("/"))
    }
}

/// Result of the search for an operation.
pub enum Found<'a> {
    Operation(&'a Guarded),
    /// The path takes other methods.
    OtherMethod,
    Nothing,
}

/// All operations, by the number of parts of their paths.
pub struct Needs(Vec<Vec<Guarded>>);

impl Needs {
    pub fn of_document() -> Self {
        let mut by_length: Vec<Vec<Guarded>> = Vec::new();
        for (path, method, id) in spec::operation_ids() {
            let parts: Vec<String> = parts(&path).map(str::to_owned).collect();
            let length = parts.len();
            if by_length.len() <= length {
                by_length.resize_with(length + 1, Vec::new);
            }
            // An operation without a row needs an admin, and refuses bound keys.
            let (need, bound) = operation_of(&id).map_or((KEYS, Bound::Refused), |operation| {
                (operation.need, operation.bound)
            });
            by_length[length].push(Guarded {
                parts,
                method,
                id: id.into(),
                need,
                bound,
            });
        }
        // Templates with fewer parameters are more specific.
        for operations in &mut by_length {
            operations.sort_by_key(|one| one.parts.iter().filter(|p| is_parameter(p)).count());
        }
        Self(by_length)
    }

    pub fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let length = parts(path).count();
        let Some(operations) = self.0.get(length) else {
            return Found::Nothing;
        };
        let fits = |one: &&Guarded| {
            let mut pairs = one.parts.iter().zip(parts(path));
            pairs.all(|(template, part)| is_parameter(template) || template == part)
        };
        let Some(first) = operations.iter().find(fits) else {
            return Found::Nothing;
        };
        let mut of_template = operations.iter().filter(|one| one.parts == first.parts);
        of_template
            .find(|one| one.method == method)
            .map_or(Found::OtherMethod, Found::Operation)
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_finds_the_most_specific_operation_of_its_path() {
        let needs = Needs::of_document();
        for (method, path, id) in [
            (Method::GET, "/api/v1/jobs", "list_jobs"),
            (Method::HEAD, "/api/v1/jobs/a", "get_job"),
            (Method::POST, "/api/v1/jobs/actions", "start_action"),
            (Method::POST, "/api/v1/keys/a/rotate", "rotate_key"),
            (Method::GET, "/health", "get_health"),
        ] {
            match needs.find(&method, path) {
                Found::Operation(found) => assert_eq!(&*found.id, id, "{method} {path}"),
                _ => panic!("{method} {path}"),
            }
        }
        assert!(matches!(
            needs.find(&Method::PUT, "/api/v1/jobs"),
            Found::OtherMethod
        ));
        assert!(matches!(
            needs.find(&Method::GET, "/api/v1/%6Aobs"),
            Found::Nothing
        ));
        assert!(matches!(
            needs.find(&Method::GET, "/api/v1/nothing"),
            Found::Nothing
        ));
    }
}
