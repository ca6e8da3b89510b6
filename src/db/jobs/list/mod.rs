//! Lists of jobs: the index that a filter leads to, the columns, and the rows of a page.

pub mod choose_index;
pub mod columns;
mod conditions;
pub mod index_scan;
pub mod page;
pub mod scan;
