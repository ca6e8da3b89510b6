//! Reader of a Redis server in which a service kept its jobs. SCAN finds the keys without blocking
//! the server, and a pipeline reads each page of keys. The reader never writes, and keys expire as
//! before.

use super::{
    super::{
        fields::LAST_COUNTS,
        legacy::Repair,
        reject::{Reason, Reject},
        repair,
        report::Position,
        seen::SeenIds,
        sources::{SourceKind, topclip},
        split::{MAX_RECORD_BYTES, too_large},
    },
    sink::{RecordSink, piece},
    source_address::shown,
};
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, Pipeline, RedisError, Value,
    aio::MultiplexedConnection,
};
use serde_json::Map;
use std::{path::Path, time::Duration};
use tokio::runtime::Handle;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Keys that the server examines for one SCAN.
const MAX_PAGE_KEYS: usize = 500;
/// Maximum bytes to request at once, by the sizes that the server reports.
const PAGE_BYTES: u64 = 4 << 20;

/// Assumed bytes of a value whose size is unknown.
const ASSUMED_BYTES: u64 = 256 << 10;

/// Kind of a key's value, given by the prefix of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Job,
    Clips,
    /// Clips in the layout of an older version of the store.
    OlderClips,
    Progress,
    Comic,
}

impl Kind {
    /// Keys to read for one job; the first of them identifies it in reports.
    fn keys(self, id: &str) -> Vec<String> {
        match self {
            Kind::Job => ["job", "clips", "job_progress", "job_clips"]
                .map(|kind| format!("{kind}:{id}"))
                .into(),
            Kind::Clips => vec![format!("clips:{id}")],
            Kind::OlderClips => vec![format!("job_clips:{id}")],
            Kind::Progress => vec![format!("job_progress:{id}")],
            Kind::Comic => vec![format!("comicmaintainer:job:{id}")],
        }
    }
}

const KINDS: [(&str, Kind); 5] = [
    ("job:", Kind::Job),
    ("clips:", Kind::Clips),
    ("job_clips:", Kind::OlderClips),
    ("job_progress:", Kind::Progress),
    ("comicmaintainer:job:", Kind::Comic),
];

pub fn read(url: &str, sink: &mut RecordSink) {
    sink.begin(&shown(Path::new(url)));
    let read = Handle::current().block_on(open(url)).and_then(|redis| {
        let mut reader = Reader {
            redis,
            seen: SeenIds::default(),
        };
        reader.scan(sink).map_err(|error| unreachable(&error))
    });
    if let Err(reject) = read {
        sink.reject(Position::File, [], reject);
    }
}

pub async fn open(url: &str) -> Result<MultiplexedConnection, Reject> {
    if url.starts_with("rediss://") {
        let detail =
            "Redis over TLS is not supported: use a redis:// URL, for example through a tunnel.";
        return Err(Reject::new(Reason::Unreachable, detail));
    }
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(CONNECT_TIMEOUT));
    let connect = async {
        let mut redis = Client::open(url)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        redis::cmd("PING")
            .query_async::<()>(&mut redis)
            .await
            .map(|()| redis)
    };
    connect.await.map_err(|error| unreachable(&error))
}

fn unreachable(error: &RedisError) -> Reject {
    let detail = match error.kind() {
        ErrorKind::AuthenticationFailed => {
            format!("The Redis server rejects the user or the password: {error}.")
        }
        ErrorKind::InvalidClientConfig => {
            format!("The URL of the Redis server is invalid: {error}.")
        }
        _ => format!("The Redis server cannot be read: {error}."),
    };
    Reject::new(
        Reason::Unreachable,
        detail.trim_end_matches('.').to_owned() + ".",
    )
}

struct Reader {
    redis: MultiplexedConnection,
    /// Keys found so far, since SCAN may return a key more than once.
    seen: SeenIds,
}

impl Reader {
    fn scan(&mut self, sink: &mut RecordSink) -> Result<(), RedisError> {
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
                    sink.reject(Position::Key(kind.keys(ids[at]).remove(0)), [], too_large())
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
            match kind {
                Kind::Job => {
                    pipe.cmd("HGETALL")
                        .arg(format!("job:{id}"))
                        .cmd("GET")
                        .arg(format!("job:{id}"));
                    pipe.cmd("GET")
                        .arg(format!("clips:{id}"))
                        .cmd("HGETALL")
                        .arg(format!("job_progress:{id}"));
                    pipe.cmd("HGET").arg(format!("job_clips:{id}")).arg("clips");
                }
                Kind::Clips => drop(
                    pipe.cmd("EXISTS")
                        .arg(format!("job:{id}"))
                        .cmd("GET")
                        .arg(format!("clips:{id}")),
                ),
                Kind::OlderClips => {
                    pipe.cmd("EXISTS")
                        .arg(format!("job:{id}"))
                        .cmd("HGET")
                        .arg(format!("job_clips:{id}"))
                        .arg("clips");
                }
                Kind::Progress => {
                    pipe.cmd("EXISTS")
                        .arg(format!("job:{id}"))
                        .cmd("HGETALL")
                        .arg(format!("job_progress:{id}"));
                }
                Kind::Comic => drop(pipe.cmd("GET").arg(format!("comicmaintainer:job:{id}"))),
            }
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
                (Kind::Clips, [Value::Int(0), Value::BulkString(clips)]) => {
                    orphan(format!("clips:{id}"), clips, sink)
                }
                (Kind::OlderClips, [Value::Int(0), Value::BulkString(clips)]) => {
                    orphan(format!("job_clips:{id}"), clips, sink)
                }
                (Kind::Progress, [Value::Int(0), progress]) => progress_alone(id, progress, sink),
                (Kind::Comic, [answer]) => text(&format!("comicmaintainer:job:{id}"), answer, sink),
                _ => true,
            }))
    }
}

fn job(id: &str, [hash, json, clips, progress, older]: [&Value; 5], sink: &mut RecordSink) -> bool {
    let key = format!("job:{id}");
    let record = match (members(hash, &mut sink.mended), json) {
        (None, Value::BulkString(json)) => of_json(json, sink),
        (members, _) => members,
    };
    let Some(mut record) = record else {
        return text(&key, json, sink);
    };
    record.entry("job_id").or_insert_with(|| id.into());
    if let Some(progress) = members(progress, &mut sink.mended) {
        record.insert("job_progress".into(), progress.into());
    }
    let mut unread = Vec::new();
    for (place, clips) in [("clips", clips), ("job_clips", older)] {
        let Value::BulkString(json) = clips else {
            unread.extend((*clips != Value::Nil).then_some((place, &[][..])));
            continue;
        };
        // Older clips replace missing newer ones; if both exist, the record keeps both.
        let there = record
            .get("clips")
            .and_then(|clips| clips.as_array())
            .is_some_and(|clips| !clips.is_empty());
        match topclip::clips(json) {
            Some((clips, repairs)) => {
                sink.mended.extend(repairs);
                record.insert(if there { place } else { "clips" }.into(), clips.into());
            }
            None => unread.push((place, json.as_slice())),
        }
    }
    let detail = "The clips of this job are not a JSON list; the job was imported without them.";
    sink.take_record(&key, record)
        && unread.into_iter().all(|(place, json)| {
            sink.reject(
                Position::Key(format!("{place}:{id}")),
                json,
                Reject::new(Reason::MalformedJson, detail),
            )
        })
}

/// Parses a JSON object into its members. The sink receives the repairs.
fn of_json(json: &[u8], sink: &mut RecordSink) -> Option<Map<String, serde_json::Value>> {
    let repair::Read {
        value,
        rules,
        repeated,
        ..
    } = repair::read(json).ok().filter(|read| !read.too_deep)?;
    let serde_json::Value::Object(members) = value else {
        return None;
    };
    let repeated = repeated.into_iter().map(|field| Repair {
        field,
        rule: LAST_COUNTS,
    });
    sink.mended.extend(
        rules
            .into_iter()
            .map(|rule| Repair {
                field: String::new(),
                rule,
            })
            .chain(repeated),
    );
    Some(members)
}

fn orphan(key: String, clips: &[u8], sink: &mut RecordSink) -> bool {
    let detail = "These are clips of a job that does not exist.";
    sink.reject(
        Position::Key(key),
        clips,
        Reject::new(Reason::Orphan, detail),
    )
}

/// Hands on a job of which the store kept only its failure to start.
fn progress_alone(id: &str, progress: &Value, sink: &mut RecordSink) -> bool {
    let Some(mut record) = members(progress, &mut sink.mended) else {
        return true;
    };
    record.entry("job_id").or_insert_with(|| id.into());
    sink.take_record(&format!("job_progress:{id}"), record)
}

/// Hands on a record that is a JSON text, and rejects a key that is neither that nor a hash. A key
/// that has expired meanwhile is skipped.
fn text(key: &str, answer: &Value, sink: &mut RecordSink) -> bool {
    match answer {
        Value::Nil => true,
        Value::BulkString(json) => {
            sink.take(piece(Position::Key(key.to_owned()), json.clone(), Ok(())))
        }
        _ => {
            let detail = "The key holds neither a hash nor a string.";
            sink.reject(
                Position::Key(key.to_owned()),
                [],
                Reject::new(Reason::WrongType, detail),
            )
        }
    }
}

/// Returns the members of a hash; `None` when there is none. Adds the members that were not UTF-8
/// to `mended`.
fn members(answer: &Value, mended: &mut Vec<Repair>) -> Option<Map<String, serde_json::Value>> {
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    };
    let is_text = |value: &Value| !matches!(value, Value::BulkString(bytes) if std::str::from_utf8(bytes).is_err());
    let mut members = Map::new();
    for (name, value) in answer.as_map_iter()? {
        let whole = is_text(name) && is_text(value);
        let (Some(name), Some(value)) = (text(name), text(value)) else {
            continue;
        };
        if !whole {
            mended.push(Repair {
                field: name.clone(),
                rule: "invalid_utf8_replaced",
            });
        }
        members.insert(name, value.into());
    }
    (!members.is_empty()).then_some(members)
}
