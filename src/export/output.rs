//! Destination of an export: standard output, or a file that is compressed as the ending of its
//! name says. The file gets its name only once it is complete.

use crate::atomic_file::AtomicFile;
use flate2::{Compression, write::GzEncoder};
use std::{
    fs::File,
    io::{self, BufWriter, Stdout, Write},
    path::Path,
};

pub struct Output {
    out: Packed,
    /// The file to name at the end; `None` for standard output.
    whole: Option<AtomicFile>,
}

enum Packed {
    Stdout(BufWriter<Stdout>),
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Output {
    pub fn stdout() -> Self {
        Self {
            out: Packed::Stdout(BufWriter::new(io::stdout())),
            whole: None,
        }
    }

    /// Creates a file, compressed with gzip or zstd if its name ends in `.gz` or `.zst`.
    pub fn file(path: &Path) -> io::Result<Self> {
        let (whole, file) = AtomicFile::create(path)?;
        let file = BufWriter::new(file);
        let out = match path.extension().and_then(|e| e.to_str()) {
            Some("gz") => Packed::Gzip(GzEncoder::new(file, Compression::default())),
            Some("zst") => Packed::Zstd(zstd::Encoder::new(file, 0)?),
            _ => Packed::Plain(file),
        };
        Ok(Self {
            out,
            whole: Some(whole),
        })
    }

    /// Finishes the output, and gives the file its name.
    pub fn finish(self) -> io::Result<()> {
        let file = match self.out {
            Packed::Stdout(mut out) => return out.flush(),
            Packed::Plain(out) => out,
            Packed::Gzip(out) => out.finish()?,
            Packed::Zstd(out) => out.finish()?,
        };
        let file = file.into_inner().map_err(|error| error.into_error())?;
        self.whole.map_or(Ok(()), |whole| whole.finish(&file))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Packed::Stdout(out) => out.write(bytes),
            Packed::Plain(out) => out.write(bytes),
            Packed::Gzip(out) => out.write(bytes),
            Packed::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Packed::Stdout(out) => out.flush(),
            // Flushing a compressor makes its output larger; `finish` writes everything.
            _ => Ok(()),
        }
    }
}
