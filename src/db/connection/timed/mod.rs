//! Connections whose statements have a time limit, and are repeated where that is safe.

mod again;
mod pooled;
mod statement_timeout;
mod timed_conn;

pub use statement_timeout::StatementTimeout;
pub use timed_conn::TimedConn;
