//! Bytes of a file, decompressed if necessary. Reading ends when the run stops, and decompression
//! ends at a size that suggests a decompression bomb.

use super::super::stop::{StopFlag, StopReason};
use flate2::bufread::MultiGzDecoder;
use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

pub const BUFFER_BYTES: usize = 1 << 16;

/// Maximum ratio of decompressed to compressed bytes, beyond [`MIN_ALLOWED_BYTES`].
const MAX_RATIO: u64 = 100;

/// Decompressed bytes that any file may have.
const MIN_ALLOWED_BYTES: u64 = 64 << 20;

/// Binary logarithm of the largest window for decompression, in bytes; `zstd` up to level 21 needs
/// no more.
const MAX_ZSTD_WINDOW_LOG: u32 = 26;

/// A file whose reads fail once the run is to stop.
pub struct Watched {
    file: File,
    stop: StopFlag,
    read: Rc<Cell<u64>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_requested() {
            return Err(stopped());
        }
        let read = self.file.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

/// Creates a reader of the file's bytes, without decompression.
pub fn plain(file: File, stop: &StopFlag, buffer: usize) -> BufReader<Watched> {
    BufReader::with_capacity(
        buffer,
        Watched {
            file,
            stop: stop.clone(),
            read: Rc::default(),
        },
    )
}

/// Creates a reader that decompresses gzip. `length` is the size of the whole file in bytes, if it
/// is known.
pub fn gunzip(input: BufReader<Watched>, length: Option<u64>) -> impl BufRead {
    let bounds = DecompressionLimit::of(&input, length);
    BufReader::with_capacity(
        BUFFER_BYTES,
        LimitedDecoder {
            input: MultiGzDecoder::new(input),
            bounds,
        },
    )
}

/// Creates a reader that decompresses zstd. `length` is the size of the whole file in bytes, if it
/// is known.
pub fn unzstd(input: BufReader<Watched>, length: Option<u64>) -> io::Result<impl BufRead> {
    let bounds = DecompressionLimit::of(&input, length);
    let mut unpacked = zstd::Decoder::with_buffer(input)?;
    unpacked.window_log_max(MAX_ZSTD_WINDOW_LOG)?;
    Ok(BufReader::with_capacity(
        BUFFER_BYTES,
        LimitedDecoder {
            input: unpacked,
            bounds,
        },
    ))
}

struct DecompressionLimit {
    stop: StopFlag,
    /// Size of the whole compressed file, in bytes. If unknown, the bytes read so far count.
    length: Option<u64>,
    read: Rc<Cell<u64>>,
    unpacked: u64,
}

impl DecompressionLimit {
    fn of(input: &BufReader<Watched>, length: Option<u64>) -> Self {
        let Watched { stop, read, .. } = input.get_ref();
        Self {
            stop: stop.clone(),
            length,
            read: read.clone(),
            unpacked: 0,
        }
    }
}

struct LimitedDecoder<R> {
    input: R,
    bounds: DecompressionLimit,
}

impl<R: Read> Read for LimitedDecoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bounds.stop.is_requested() {
            return Err(stopped());
        }
        let read = self.input.read(buffer)?;
        let bounds = &mut self.bounds;
        bounds.unpacked += read as u64;
        let packed = bounds.length.unwrap_or(bounds.read.get());
        if bounds.unpacked
            > packed
                .saturating_mul(MAX_RATIO)
                .saturating_add(MIN_ALLOWED_BYTES)
        {
            let reason = format!(
                "The packed file of {packed} bytes unpacks to more than {MAX_RATIO} times that and {} MiB, which is more \
                 than is taken: unpack it, and import what comes of it.",
                MIN_ALLOWED_BYTES >> 20
            );
            bounds.stop.request_for(StopReason::LimitReached(reason));
            return Err(stopped());
        }
        Ok(read)
    }
}

/// Error of a read after the stop. No report shows it, since the run has ended.
fn stopped() -> io::Error {
    io::Error::other("the run is to end")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    /// Decompressed bytes of a file, and whether they stopped the run.
    fn unpacked(packed: &[u8], gzip: bool) -> (u64, bool) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(packed).unwrap();
        file.rewind().unwrap();
        let (stop, length) = (StopFlag::default(), Some(packed.len() as u64));
        let input = plain(file, &stop, BUFFER_BYTES);
        let mut unpacked: Box<dyn BufRead> = match gzip {
            true => Box::new(gunzip(input, length)),
            false => Box::new(unzstd(input, length).unwrap()),
        };
        let mut bytes = 0;
        while let Ok(some @ 1..) = unpacked.fill_buf().map(<[u8]>::len) {
            bytes += some as u64;
            unpacked.consume(some);
        }
        (bytes, stop.is_requested())
    }

    #[test]
    fn a_bomb_is_stopped_and_a_dump_is_not() {
        let zeros = |bytes: u64| io::repeat(b'0').take(bytes);
        let zstd = |bytes| zstd::encode_all(zeros(bytes), 1).unwrap();
        let gzip = |bytes| {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            io::copy(&mut zeros(bytes), &mut out).unwrap();
            out.finish().unwrap()
        };
        for (packed, is_gzip) in [
            (zstd(MIN_ALLOWED_BYTES), false),
            (gzip(MIN_ALLOWED_BYTES), true),
        ] {
            assert_eq!(unpacked(&packed, is_gzip), (MIN_ALLOWED_BYTES, false));
        }
        for (packed, is_gzip) in [
            (zstd(8 * MIN_ALLOWED_BYTES), false),
            (gzip(8 * MIN_ALLOWED_BYTES), true),
        ] {
            let (bytes, stopped) = unpacked(&packed, is_gzip);
            assert!(
                stopped && bytes <= MIN_ALLOWED_BYTES + MAX_RATIO * packed.len() as u64,
                "{bytes}"
            );
        }
    }

    #[test]
    fn nothing_is_read_once_the_run_is_to_end() {
        let stop = StopFlag::default();
        stop.request();
        let mut input = plain(tempfile::tempfile().unwrap(), &stop, BUFFER_BYTES);
        assert!(input.fill_buf().is_err());
    }
}
