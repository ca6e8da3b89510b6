use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3600);

fn watched(
    header: Duration,
    idle: Duration,
) -> (Watched<DuplexStream>, DuplexStream, Arc<RequestCounts>) {
    let (ours, theirs) = duplex(8);
    let traffic = Arc::<RequestCounts>::default();
    let watched = Watched::new(ours, traffic.clone(), header, idle);
    (watched, theirs, traffic)
}

#[tokio::test]
async fn a_reader_that_takes_nothing_ends_its_connection_and_a_slow_one_does_not() {
    let (mut watched, mut theirs, _) = watched(LONG, LONG);
    watched.write_timeout = SHORT;
    watched.write_all(b"12345678").await.unwrap();
    let reader = tokio::spawn(async move {
        let mut some = [0; 8];
        theirs.read_exact(&mut some).await.unwrap();
        theirs
    });
    watched.write_all(b"12345678").await.unwrap();
    let _kept = reader.await.unwrap();
    let error = watched.write_all(b"1").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_connection_without_a_first_request_ends_after_the_limit_of_a_header() {
    let (mut watched, _theirs, _) = watched(SHORT, LONG);
    assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn half_a_header_ends_after_its_limit_whatever_drips_in_and_an_idle_connection_after_its_own()
{
    let (mut watched, mut theirs, traffic) = watched(SHORT, LONG);
    theirs.write_all(b"GET").await.unwrap();
    assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 3);
    drop(traffic.begin(false));
    theirs.write_all(b"G").await.unwrap();
    assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 1);
    let drip = tokio::spawn(async move { while theirs.write_all(b"E").await.is_ok() {} });
    while watched.read(&mut [0; 8]).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    drop(watched);
    drip.await.unwrap();

    let (mut watched, _theirs, traffic) = self::watched(LONG, SHORT);
    drop(traffic.begin(false));
    assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_body_that_was_answered_early_is_read_on_so_that_its_answer_arrives() {
    let (mut watched, mut theirs, traffic) = watched(LONG, LONG);
    traffic.leave_unread();
    let client = tokio::spawn(async move {
        theirs.write_all(&[0; 1000]).await.unwrap();
        let mut answer = Vec::new();
        theirs.read_to_end(&mut answer).await.unwrap();
        answer
    });
    watched.write_all(b"413").await.unwrap();
    watched.shutdown().await.unwrap();
    assert_eq!(
        (client.await.unwrap(), watched.dropped),
        (b"413".to_vec(), 1000)
    );
}

#[tokio::test]
async fn a_request_under_way_keeps_its_connection() {
    let (mut watched, _theirs, traffic) = watched(SHORT, SHORT);
    let under_way = traffic.begin(false);
    let mut some = [0; 8];
    let waits = tokio::time::timeout(SHORT * 6, watched.read(&mut some)).await;
    assert!(waits.is_err(), "it is not over");
    drop(under_way);
    assert_eq!(watched.read(&mut some).await.unwrap(), 0);
}

#[tokio::test]
async fn a_multiplexed_connection_whose_client_takes_nothing_of_its_responses_ends() {
    let (mut watched, _theirs, traffic) = watched(SHORT, SHORT);
    watched.write_timeout = SHORT;
    let under_way = traffic.begin(true);
    traffic.begin_answer();
    assert_eq!(watched.read(&mut [0; 8]).await.unwrap(), 0);
    drop(under_way);

    let (mut watched, _theirs, traffic) = self::watched(SHORT, SHORT);
    watched.write_timeout = SHORT;
    let _waits_for_a_job = traffic.begin(true);
    let mut some = [0; 8];
    let waits = tokio::time::timeout(SHORT * 6, watched.read(&mut some)).await;
    assert!(waits.is_err(), "no response has begun");
}
