//! Check of the Redis server with the cache that the servers share.

use super::finding::Finding;
use crate::{
    db::{RedisOptions, try_redis},
    shown_url::shown_url,
};

/// Connects to Redis and writes a key that lives for a second. Redis that is away costs speed
/// alone, so it is a warning.
pub async fn check(redis: Option<&RedisOptions>) -> Option<Finding> {
    let url = &redis?.url;
    let error = try_redis(url).await.err()?;
    Some(Finding::warning(
        "redis.unreachable",
        format!("Redis at {} cannot be used: {error}.", shown_url(url)),
        "Check that it runs, and that --redis-url has the right address, number and password; \
        until then the servers read jobs from the database.",
    ))
}
