//! The lease protocol: random interleavings of what workers, people and time do to a few jobs, held
//! to a model.

mod model;
mod walk;
