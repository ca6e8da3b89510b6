//! Responses that list rows, each serialized as it is read. A page ends before the row that would
//! make it larger than [`ANSWER_BYTES`], so that it needs no more memory than it sends.

use super::{
    json_bytes::{JsonBytes, LARGE_RESPONSE_BYTES, no_room},
    memory_limit::{MemoryReservation, RESPONSE_MEMORY},
};
use crate::{
    db::{ANSWER_BYTES, Part},
    error::Error,
};
use poem::Result;
use serde_json::Value;

/// A page that is being written.
pub struct Rows {
    bytes: Vec<u8>,
    count: u64,
    share: MemoryReservation,
}

impl Rows {
    /// Starts a page whose rows are an array under this name.
    pub fn new(name: &str) -> Self {
        Self {
            bytes: format!("{{\"{name}\":[").into_bytes(),
            count: 0,
            share: RESPONSE_MEMORY.share(),
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a row of JSON. Returns false if it does not fit: the page then ends before it.
    pub fn push(&mut self, row: &str) -> Result<bool> {
        let size = self.bytes.len() + row.len() + 1;
        if self.count > 0 && size > ANSWER_BYTES {
            return Ok(false);
        }
        // A vector that grows by doubling may hold twice the bytes that it needs.
        if size > LARGE_RESPONSE_BYTES && !self.share.grow_to(size.next_power_of_two()) {
            return Err(no_room().into());
        }
        if self.count > 0 {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(row.as_bytes());
        self.count += 1;
        Ok(true)
    }

    /// Ends the page, with the other members of the response after its rows.
    pub fn end<T>(mut self, rest: &Value) -> JsonBytes<T> {
        let rest = rest.to_string();
        self.bytes.extend_from_slice(b"],");
        self.bytes
            .extend_from_slice(rest.trim_start_matches('{').as_bytes());
        JsonBytes::counted(self.bytes.into(), self.share)
    }

    /// Ends the page with the cursor of the next one, besides other members of the response.
    pub fn end_page<T>(self, mut rest: Value, next: Option<String>) -> JsonBytes<T> {
        rest["has_more"] = next.is_some().into();
        rest["next_cursor"] = next.clone().into();
        self.end(&rest).followed_by(next)
    }

    /// Ends a page of rows that have a number, which is the cursor; older clients read it as
    /// `next_after`.
    pub fn end_numbered<T>(self, mut rest: Value, next: Option<i64>) -> JsonBytes<T> {
        rest["next_after"] = next.into();
        self.end_page(rest, next.map(|next| next.to_string()))
    }

    /// Reads and adds rows until there are `limit` or the page is full. Returns the position of the
    /// last row if there are more.
    pub async fn fill<R, P: Clone, F>(
        &mut self,
        limit: u64,
        mut after: Option<P>,
        read: impl Fn(Option<P>, u64) -> F,
        place: impl Fn(&R) -> P,
        write: impl Fn(R) -> String,
    ) -> Result<Option<P>>
    where
        F: Future<Output = Result<Part<R>, Error>>,
    {
        loop {
            let Part { rows, more } = read(after.clone(), limit - self.count).await?;
            let more = more && !rows.is_empty();
            for row in rows {
                let here = place(&row);
                if !self.push(&write(row))? {
                    return Ok(after);
                }
                after = Some(here);
            }
            if !more {
                return Ok(None);
            }
            if self.count >= limit {
                return Ok(after);
            }
        }
    }
}
