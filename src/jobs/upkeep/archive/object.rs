//! Object of the archive: one zstd frame for each job.

use crate::{
    db::{
        WholeJob,
        write::{ImportedJob, WrittenJob},
    },
    hex::hex,
    job_line,
};
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Level of compression: that of the `zstd` program.
const LEVEL: i32 = 3;

/// Maximum bytes of the lines in an object; the object ends with the job that reaches it.
pub const MAX_OBJECT_BYTES: usize = 16 << 20;

/// Maximum bytes of the line of one job, far above what the limits of requests allow.
const MAX_LINE_BYTES: u64 = 1 << 30;

/// Object that is being made, in memory.
#[derive(Default)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub jobs: Vec<WrittenJob>,
    /// SHA-256 of the lines, in the order of the jobs.
    lines: Vec<[u8; 32]>,
    /// Bytes of the lines so far.
    pub line_bytes: usize,
}

impl Object {
    /// Adds jobs until the object is full. Returns the bytes of their lines.
    pub fn add(&mut self, jobs: Vec<WholeJob>) -> io::Result<usize> {
        let before = self.line_bytes;
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        let mut line = Vec::new();
        for whole in jobs {
            if self.is_full() {
                break;
            }
            let (job_id, version) = (whole.job.id.clone(), whole.job.version);
            let positions = positions(&whole);
            line.clear();
            job_line::write(whole, &mut line)?;
            if let Err(why) = job_of(&line) {
                tracing::warn!(
                    job_id,
                    why,
                    "a job stays in the database, because its line of the archive does not give \
                    it back: repair it, or label it keep=true"
                );
                continue;
            }
            let frame = compressor.compress(&line)?;
            self.jobs.push(WrittenJob {
                job_id,
                version,
                at: self.bytes.len() as u64,
                length: frame.len() as u64,
                positions,
            });
            self.lines.push(Sha256::digest(&line).into());
            self.line_bytes += line.len();
            self.bytes.extend_from_slice(&frame);
        }
        Ok(self.line_bytes - before)
    }

    pub fn is_full(&self) -> bool {
        self.line_bytes >= MAX_OBJECT_BYTES
    }

    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }

    /// Checks what was read back from the store: it has these bytes, and each frame decodes to the
    /// line of its job.
    pub fn check(&self, read: &[u8]) -> Result<(), String> {
        if read != self.bytes {
            return Err("the object reads back differently".to_owned());
        }
        for (job, hash) in self.jobs.iter().zip(&self.lines) {
            let frame = frame_of(read, job.at, job.length).ok_or("the object is cut off")?;
            if Sha256::digest(line_of(frame)?).as_slice() != hash {
                return Err(format!("job {} reads back differently", job.job_id));
            }
            read_job(frame, &job.job_id, job.version)?;
        }
        Ok(())
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns the bytes of a frame in its object.
pub fn frame_of(object: &[u8], at: u64, length: u64) -> Option<&[u8]> {
    let (at, length) = (usize::try_from(at).ok()?, usize::try_from(length).ok()?);
    object.get(at..at.checked_add(length)?)
}

/// Decodes a frame to the line of its job. Each frame has a checksum.
fn line_of(frame: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = |error: io::Error| format!("the frame does not decode: {error}");
    let decoder = zstd::stream::read::Decoder::new(frame).map_err(damaged)?;
    let mut line = Vec::new();
    let mut limited = decoder.take(MAX_LINE_BYTES);
    limited.read_to_end(&mut line).map_err(damaged)?;
    Ok(line)
}

fn job_of(line: &[u8]) -> Result<ImportedJob, String> {
    let record: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(line).map_err(|error| format!("the line is no JSON: {error}"))?;
    job_line::rows(record).map_err(|error| format!("the line is no job: {error:?}"))
}

/// Reads a job from its frame.
///
/// Errors: a sentence, also if the frame has another job or another version.
pub fn read_job(frame: &[u8], id: &str, version: i64) -> Result<ImportedJob, String> {
    let job = job_of(&line_of(frame)?)?;
    if job.job.id != id || job.job.version != version {
        return Err(format!(
            "the frame has job {} at version {}, not {id} at {version}",
            job.job.id, job.job.version
        ));
    }
    Ok(job)
}

/// Returns the positions of the job's events as JSON: the first, and the distances to the next.
fn positions(whole: &WholeJob) -> String {
    let mut before = 0;
    let steps = whole.events.iter().map(|event| {
        let step = event.id - before;
        before = event.id;
        step
    });
    let steps: Vec<i64> = steps.collect();
    serde_json::json!(steps).to_string()
}
