//! Examples of every schema of the document. A test validates each against its schema.

mod catalog;
mod input;
mod output;
mod rows;
mod runs;

use input::input;
use output::output;
use serde_json::Value;

/// Returns the example of a schema by its name.
pub fn example(schema: &str) -> Option<Value> {
    input(schema).or_else(|| output(schema))
}
