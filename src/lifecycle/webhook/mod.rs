//! Webhooks: kinds of messages, signatures, and the delays between attempts.

mod kind;
mod retry;
mod signature;

pub use kind::{DEFAULT_KINDS, MESSAGE_KINDS, MessageKind, SKIPPED_KIND, TEST_KIND};
pub use retry::{ENDPOINT_GRACE, retry_delay, retry_time};
pub use signature::{new_secret, secret_of, signature};
