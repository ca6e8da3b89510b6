//! Scan of the keys of a server, page by page, each in parts that fit in memory.

use super::{
    kind::{KINDS, Kind},
    record::{job, orphan, progress_alone, text},
};
use crate::import::{
    read::sink::RecordSink,
    reject::{Reason, Reject},
    report::Position,
    seen::SeenIds,
    sources::SourceKind,
    split::{MAX_RECORD_BYTES, too_large},
};
use redis::{Pipeline, RedisError, Value, aio::MultiplexedConnection};
use tokio::runtime::Handle;

/// Keys that the server examines for one SCAN.
const MAX_PAGE_KEYS: usize = 500;
/// Maximum bytes to request at once, by the sizes that the server reports.
const PAGE_BYTES: u64 = 4 << 20;

/// Assumed bytes of a value whose size is unknown.
const ASSUMED_BYTES: u64 = 256 << 10;

pub struct Reader {
    pub redis: MultiplexedConnection,
    /// Keys found so far, since SCAN may return a key more than once.
    pub seen: SeenIds,
}

impl Reader {
    pub fn scan(&mut self, sink: &mut RecordSink) -> Result<(), RedisError> {
        let mut cursor = 0u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("COUNT").arg(MAX_PAGE_KEYS);
            let (next, keys): (u64, Vec<Vec<u8>>) =
                Handle::current().block_on(scan.query_async(&mut self.redis))?;
            if sink.stop.is_requested() {
                return Ok(());
            }
            let mut names = Vec::with_capacity(keys.len());
            for key in keys {
                match String::from_utf8(key) {
                    Ok(name) if self.seen.add(&name) => names.push(name),
                    Ok(_) => {}
                    Err(error) if !self.unnamed(error.as_bytes(), sink) => return Ok(()),
                    Err(_) => {}
                }
            }
            for (beginning, kind) in KINDS {
                let ids: Vec<_> = names
                    .iter()
                    .filter_map(|name| name.strip_prefix(beginning))
                    .collect();
                if !ids.is_empty() && !self.pieces(kind, &ids, sink)? {
                    return Ok(());
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }

    /// Rejects a key of a job whose name is not UTF-8, since no job can have that id. Returns false
    /// when the reader should stop.
    fn unnamed(&mut self, key: &[u8], sink: &mut RecordSink) -> bool {
        let name = String::from_utf8_lossy(key).into_owned();
        let ours = KINDS
            .iter()
            .any(|(beginning, _)| name.starts_with(beginning));
        if !ours || !self.seen.add(&name) {
            return true;
        }
        let detail = "The key is not UTF-8, so it cannot become the id of a job.";
        sink.reject(Position::Key(name), [], Reject::new(Reason::BadId, detail))
    }

    /// Reads the keys in parts that fit in memory, and rejects those that do not fit. Returns false
    /// when the reader should stop.
    fn pieces(
        &mut self,
        kind: Kind,
        ids: &[&str],
        sink: &mut RecordSink,
    ) -> Result<bool, RedisError> {
        let sizes = self.sizes(kind, ids)?;
        let (mut from, mut bytes) = (0, 0);
        for (at, size) in sizes.into_iter().enumerate() {
            if size > MAX_RECORD_BYTES as u64 {
                let large = |sink: &mut RecordSink| {
                    sink.reject(Position::Key(kind.key(ids[at])), [], too_large())
                };
                if !self.page(kind, &ids[from..at], sink)? || !large(sink) {
                    return Ok(false);
                }
                (from, bytes) = (at + 1, 0);
            } else if bytes + size > PAGE_BYTES {
                if !self.page(kind, &ids[from..at], sink)? {
                    return Ok(false);
                }
                (from, bytes) = (at, size);
            } else {
                bytes += size;
            }
        }
        self.page(kind, &ids[from..], sink)
    }

    /// Bytes of memory that each job takes on the server.
    fn sizes(&mut self, kind: Kind, ids: &[&str]) -> Result<Vec<u64>, RedisError> {
        let mut pipe = Pipeline::new();
        pipe.ignore_errors();
        let keys: Vec<_> = ids.iter().map(|id| kind.keys(id)).collect();
        for key in keys.iter().flatten() {
            pipe.cmd("MEMORY")
                .arg("USAGE")
                .arg(key)
                .arg("SAMPLES")
                .arg(0);
        }
        let answers: Vec<Value> = Handle::current().block_on(pipe.query_async(&mut self.redis))?;
        let size = |answer: &Value| match answer {
            Value::Int(bytes) => u64::try_from(*bytes).unwrap_or(0),
            Value::Nil => 0,
            // The user may lack the permission, or the server may not know the command.
            _ => ASSUMED_BYTES,
        };
        let of_one = answers.chunks((answers.len() / ids.len()).max(1));
        Ok(of_one
            .map(|answers| answers.iter().map(size).sum())
            .collect())
    }

    /// Reads one page of keys. Returns false when the reader should stop.
    fn page(
        &mut self,
        kind: Kind,
        ids: &[&str],
        sink: &mut RecordSink,
    ) -> Result<bool, RedisError> {
        if ids.is_empty() {
            return Ok(true);
        }
        let mut pipe = Pipeline::new();
        // A key of an unexpected type fails only its own command, and must not end the page.
        pipe.ignore_errors();
        for id in ids {
            kind.ask(id, &mut pipe);
        }
        let answers: Vec<Value> = Handle::current().block_on(pipe.query_async(&mut self.redis))?;
        let each = answers.len() / ids.len();
        sink.known = Some(if kind == Kind::Comic {
            SourceKind::Comic
        } else {
            SourceKind::Topclip
        });
        Ok(ids
            .iter()
            .zip(answers.chunks(each.max(1)))
            .all(|(id, answers)| match (kind, answers) {
                (Kind::Job, [hash, text, clips, progress, older]) => {
                    job(id, [hash, text, clips, progress, older], sink)
                }
                (Kind::Clips | Kind::OlderClips, [Value::Int(0), Value::BulkString(clips)]) => {
                    orphan(kind.key(id), clips, sink)
                }
                (Kind::Progress, [Value::Int(0), progress]) => progress_alone(id, progress, sink),
                (Kind::Comic, [answer]) => text(&kind.key(id), answer, sink),
                _ => true,
            }))
    }
}
