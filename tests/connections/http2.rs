//! HTTP/2 without TLS, as proxies speak it: its limits are announced.

use super::{PATIENCE, served};
use tokio::{io::AsyncReadExt, time::timeout};

/// The connection's first bytes, and settings of the client's that change nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

const MAX_CONCURRENT_STREAMS: u16 = 3;
const MAX_HEADER_LIST_SIZE: u16 = 6;

#[tokio::test]
async fn streams_and_headers_of_a_connection_are_bounded() {
    let served = served(&[]).await;
    let mut connection = served.sent(PREFACE).await;
    let mut frame = [0; 9];
    timeout(PATIENCE, connection.read_exact(&mut frame))
        .await
        .expect("settings")
        .unwrap();
    assert_eq!(frame[3], 4, "the first frame is that of the settings");
    let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]) as usize;
    let mut settings = vec![0; length];
    connection.read_exact(&mut settings).await.unwrap();
    let setting = |wanted: u16| {
        let of_name = settings
            .chunks(6)
            .find(|one| one[..2] == wanted.to_be_bytes());
        of_name.map(|one| u32::from_be_bytes([one[2], one[3], one[4], one[5]]))
    };
    assert_eq!(setting(MAX_CONCURRENT_STREAMS), Some(100));
    assert_eq!(setting(MAX_HEADER_LIST_SIZE), Some(16 << 10));
}
