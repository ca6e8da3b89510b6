//! Text of a key: `cs_`, 8 characters of its id, `_`, 43 of its secret, 6 of a checksum. A scanner
//! can recognise it, and a mistyped one is refused without a look at the keys.

use crate::error::{Error, Result};
use crate::hex::hex;
use sha2::{Digest, Sha256};

const PREFIX: &str = "cs_";
const ID_CHARS: usize = 8;
/// Prefix of the token of a job.
const JOB_PREFIX: &str = "cj_";
const SESSION_ID_CHARS: usize = 16;
/// 62^43 is more than 2^256.
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const LENGTH: usize = PREFIX.len() + ID_CHARS + 1 + SECRET_CHARS + CHECKSUM_CHARS;

const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Number of leading digits that an id uses: it has no capitals, so that people can read it out.
const ID_DIGITS: u8 = 36;

/// SHA-256 of a text.
pub type Hash = [u8; 32];

/// Returns a new id.
pub fn new_id() -> Result<String> {
    random_text(ID_CHARS, ID_DIGITS)
}

/// Returns a new text for the key with this id.
pub fn new_text(id: &str) -> Result<String> {
    let body = format!("{PREFIX}{id}_{}", random_text(SECRET_CHARS, 62)?);
    Ok(format!("{body}{}", checksum(&body)))
}

/// Returns the id and the secret of a new session.
pub fn new_session() -> Result<(String, String)> {
    let id = random_text(SESSION_ID_CHARS, ID_DIGITS)?;
    Ok((id, random_text(SECRET_CHARS, 62)?))
}

/// Returns a new token of a job, and its hash as the database has it.
pub fn new_job_token() -> Result<(String, String)> {
    let body = format!("{JOB_PREFIX}{}", random_text(SECRET_CHARS, 62)?);
    let text = format!("{body}{}", checksum(&body));
    let hash = hex(&hash(&text));
    Ok((text, hash))
}

/// Returns whether a text has the form of a job's token, and a checksum that fits.
pub fn is_job_token(text: &str) -> bool {
    let length = JOB_PREFIX.len() + SECRET_CHARS + CHECKSUM_CHARS;
    if text.len() != length || !text.is_ascii() || !text.starts_with(JOB_PREFIX) {
        return false;
    }
    let (body, given) = text.split_at(length - CHECKSUM_CHARS);
    checksum(body) == given
}

/// Returns the id of a text that has the form of a key, and a checksum that fits.
pub fn id_of(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(PREFIX)?;
    if text.len() != LENGTH || !text.is_ascii() || rest.as_bytes()[ID_CHARS] != b'_' {
        return None;
    }
    let (body, given) = text.split_at(LENGTH - CHECKSUM_CHARS);
    (checksum(body) == given).then(|| &rest[..ID_CHARS])
}

pub fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

/// Parses a hash as the database has it.
pub fn from_hex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

/// Returns a CRC-32 as digits.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

/// Returns random digits, each as likely as any other.
fn random_text(chars: usize, digits: u8) -> Result<String> {
    let mut text = String::with_capacity(chars);
    let even = u8::MAX - u8::MAX % digits;
    while text.len() < chars {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::Internal(format!("no random bytes: {error}")))?;
        // Bytes from `even` on would make the first digits more likely.
        let fair = bytes.into_iter().filter(|byte| *byte < even);
        let missing = chars - text.len();
        text.extend(
            fair.take(missing)
                .map(|byte| char::from(DIGITS[usize::from(byte % digits)])),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_text_leads_to_its_id() {
        let id = new_id().unwrap();
        let text = new_text(&id).unwrap();
        assert_eq!(text.len(), LENGTH);
        assert_eq!(id_of(&text), Some(id.as_str()));
        assert_ne!(text, new_text(&id).unwrap());
    }

    #[test]
    fn a_text_with_another_character_or_length_is_no_key() {
        let text = new_text("abcd2345").unwrap();
        for i in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[i] = if other[i] == b'x' { b'y' } else { b'x' };
            assert_eq!(id_of(std::str::from_utf8(&other).unwrap()), None, "{i}");
        }
        for other in ["", "cs_", "cs_abcd2345_", &text[1..], &text[..LENGTH - 1]] {
            assert_eq!(id_of(other), None, "{other}");
        }
        assert_eq!(id_of(&format!("{text} ")), None);
        assert_eq!(id_of(&"é".repeat(LENGTH)), None);
    }

    #[test]
    fn a_hash_is_read_back_from_the_database() {
        let hash = hash("a");
        assert_eq!(from_hex(&hex(&hash)), Some(hash));
        assert_eq!(from_hex("zz"), None);
        assert_eq!(from_hex(&"é".repeat(32)), None);
    }
}
