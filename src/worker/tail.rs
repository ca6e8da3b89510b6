//! End of a program's standard error, which becomes the error message of a failed attempt.

use super::pipe::Pipe;
use tokio::io::AsyncRead;

/// Maximum bytes kept of standard error.
const TAIL: usize = 4096;

/// Reads to the end, and returns the last 4,096 bytes as text.
pub async fn tail(mut pipe: Pipe<impl AsyncRead + Unpin>) -> String {
    let mut buffer = vec![0; TAIL];
    let mut last: Vec<u8> = Vec::with_capacity(2 * TAIL);
    loop {
        let read = pipe.read(&mut buffer).await;
        if read == 0 {
            return text(&last);
        }
        last.extend_from_slice(&buffer[..read]);
        last.drain(..last.len().saturating_sub(TAIL));
    }
}

fn text(bytes: &[u8]) -> String {
    // The cut may have split the first character.
    let start = bytes
        .iter()
        .take(3)
        .take_while(|byte| *byte & 0xC0 == 0x80)
        .count();
    let text = String::from_utf8_lossy(&bytes[start..]);
    let shown = |c: char| {
        if c.is_control() && !matches!(c, '\n' | '\t') {
            ' '
        } else {
            c
        }
    };
    text.trim().chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    async fn tail_of(bytes: &[u8]) -> String {
        tail(Pipe::new(bytes, watch::channel(false).1)).await
    }

    #[tokio::test]
    async fn the_last_4096_bytes_are_kept_as_whole_characters() {
        assert_eq!(tail_of(b"  short\n\n").await, "short");
        let long = format!("x{}", "é".repeat(5000));
        assert_eq!(tail_of(long.as_bytes()).await, "é".repeat(2048));
        let odd = format!("{}x", "é".repeat(5000));
        assert_eq!(
            tail_of(odd.as_bytes()).await,
            format!("{}x", "é".repeat(2047))
        );
    }

    #[tokio::test]
    async fn what_is_not_text_does_no_harm() {
        assert_eq!(tail_of(b"a\0b\x1b[31mc\xff").await, "a b [31mc\u{fffd}");
    }
}
