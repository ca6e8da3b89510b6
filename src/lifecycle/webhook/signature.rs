//! Secrets and signatures of Standard Webhooks.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// First part of every secret.
const PREFIX: &str = "whsec_";

/// Bytes of a new secret.
const SECRET_BYTES: usize = 32;

/// Returns a new secret; `None` if this machine has no random bytes.
pub fn new_secret() -> Option<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// Returns the secret that signs messages of a scope: the HMAC-SHA256 of the scope under the given
/// secret, so that the secret of one scope does not lead to that of another. Without a scope, the
/// given secret itself signs. `None` if the given secret is malformed.
pub fn secret_of(secret: &str, scope: Option<&str>) -> Option<String> {
    let Some(scope) = scope else {
        return Some(secret.to_owned());
    };
    let made = signed(secret, &["scope:", scope])?;
    Some(format!("{PREFIX}{}", STANDARD.encode(made)))
}

/// Returns the signature of a message under each of the secrets, as the header
/// `webhook-signature`; `None` if a secret is malformed.
pub fn signature(secrets: &[&str], id: &str, timestamp: i64, body: &str) -> Option<String> {
    let begin = format!("{id}.{timestamp}.");
    let one = |secret: &&str| {
        let made = signed(secret, &[&begin, body])?;
        Some(format!("v1,{}", STANDARD.encode(made)))
    };
    let all: Option<Vec<String>> = secrets.iter().map(one).collect();
    Some(all?.join(" "))
}

/// Returns the HMAC-SHA256 of the parts, one behind the other.
fn signed(secret: &str, parts: &[&str]) -> Option<[u8; 32]> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    for part in parts {
        mac.update(part.as_bytes());
    }
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_standard_webhooks_has_its_signature() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = signature(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.as_deref(), Some(expected));
        let both = signature(
            &[secret, secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(both, Some(format!("{expected} {expected}")));
        assert_eq!(signature(&["secret"], "a", 1, ""), None);
    }

    #[test]
    fn each_scope_has_a_secret_of_its_own_that_no_other_leads_to() {
        let secret = new_secret().unwrap();
        let of = |scope| secret_of(&secret, scope).unwrap();
        assert_eq!(of(None), secret);
        assert_eq!(of(Some("red")), of(Some("red")));
        assert_ne!(of(Some("red")), of(Some("blue")));
        assert_ne!(of(Some("red")), secret);
        assert!(signature(&[&of(Some("red"))], "id", 1, "{}").is_some());
        assert_eq!(secret_of("secret", Some("red")), None);
    }

    #[test]
    fn new_secrets_differ_and_sign() {
        let (a, b) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(a, b);
        assert!(signature(&[&a], "id", 1, "{}").is_some());
    }
}
