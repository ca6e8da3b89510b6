//! Scripts that read and change one entry of the shared cache. Redis runs each as one step.
//!
//! The key of a job is a hash: `version` is the lowest version that may be stored, or that of the
//! stored `job`; `token` names the server that reads the job from the database now. The key expires
//! [`MAX_AGE`](crate::db::MAX_AGE) after the token was given, before the job was read, however late
//! the job arrives. A change takes the token away, so that a job read before it is not stored after
//! it.

/// Returns the job with the milliseconds that are left of its life, else 1 if the caller may store
/// it under its token, else 0. Arguments: token, lowest version, milliseconds of a life.
pub const READ: &str = r"
local entry = redis.pcall('HMGET', KEYS[1], 'version', 'job', 'token')
if entry.err then entry = {} redis.call('DEL', KEYS[1]) end
local left = redis.call('PTTL', KEYS[1])
local known, wanted, most = tonumber(entry[1]) or 0, tonumber(ARGV[2]), tonumber(ARGV[3])
if left > 0 and left <= most and known >= wanted then
  if entry[2] then return {entry[2], left} end
  if entry[3] then return 0 end
else
  redis.call('DEL', KEYS[1])
  known = wanted
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'version', string.format('%d', known))
redis.call('PEXPIRE', KEYS[1], most)
return 1
";

/// Stores a job if the token is still there and no newer version is known. Arguments: token,
/// version, job.
pub const STORE: &str = r"
local entry = redis.pcall('HMGET', KEYS[1], 'token', 'version')
if entry.err or entry[1] ~= ARGV[1] then return 0 end
if (tonumber(entry[2]) or 0) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'job', ARGV[3], 'version', ARGV[2])
redis.call('HDEL', KEYS[1], 'token')
return 1
";

/// Drops what is older than a version, and remembers the version; without a version, drops the job.
/// Arguments: version or an empty text, milliseconds of a life.
pub const DROP: &str = r"
if ARGV[1] == '' then return redis.call('DEL', KEYS[1]) end
local known = redis.pcall('HGET', KEYS[1], 'version')
if type(known) == 'string' and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
";
