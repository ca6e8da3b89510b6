//! Addresses from which nothing can be read: each is named, without its password.

use super::dump::{Dump, counts, import_all, job, rejected};
use crate::support::{Backend, Fixture, TestApp, TestDb};
use callsheet::import::{self, ImportError, Options};
use serde_json::{Value, json};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
};

#[on_both]
async fn a_database_that_lets_nobody_in_is_named_without_its_password(bench: TestApp) {
    let good = Dump::json(&json!([job("a", json!({}))]));
    let empty = TestDb::empty(Backend::Postgres).await;
    let gone = "postgres://vedo:hunter2@127.0.0.1:1/jobs?password=hunter2";
    let files = vec![gone.into(), empty.url.clone().into(), good.path.clone()];
    let (report, _) = import_all(&bench, &Options::new(files)).await;
    assert_eq!(counts(&report), (3, 1, 0, 2));
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(reasons, ["unreachable", "unknown_shape"]);
    let run = bench
        .get_import(report.import_id.as_ref().unwrap())
        .await
        .unwrap();
    let kept = bench
        .list_import_rejects(&run.id, None, 1000)
        .await
        .unwrap();
    assert_eq!(kept[0].file, "postgres://vedo:***@127.0.0.1:1/jobs");
    assert!(kept[0].detail.contains("refused"), "{}", kept[0].detail);
    assert!(!format!("{report:?} {kept:?} {run:?}").contains("hunter2"));
    let told = &mut |_: &import::Outcome| panic!("there is nothing to tell of");
    let error = import::run(&bench, &Options::new(vec![gone.into()]), told)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ImportError::NoneReadable(_)) && !error.to_string().contains("hunter2")
    );
    empty.tear_down().await;
}

/// Speaks as much of PostgreSQL's protocol as it takes to ask for a password and to refuse it: the
/// servers of the tests trust everybody.
fn refuse_every_password(server: TcpListener) {
    const TLS: u32 = 80_877_103;
    const PASSWORD: &[u8] = b"R\0\0\0\x08\0\0\0\x03";
    const REFUSED: &[u8] = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \
            \"vedo\"\0Fauth.c\0L334\0Rauth_failed\0\0";
    fn message(client: &mut TcpStream, tag: usize) -> io::Result<Vec<u8>> {
        let mut head = [0; 5];
        client.read_exact(&mut head[1 - tag..])?;
        let mut body =
            vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4];
        client.read_exact(&mut body).map(|()| body)
    }
    fn refuse(mut client: TcpStream) -> io::Result<()> {
        if message(&mut client, 0)? == TLS.to_be_bytes() {
            client.write_all(b"N")?;
            message(&mut client, 0)?;
        }
        client.write_all(PASSWORD)?;
        message(&mut client, 1)?;
        client.write_all(b"E")?;
        client.write_all(&(REFUSED.len() as u32 + 4).to_be_bytes())?;
        client.write_all(REFUSED)
    }
    std::thread::spawn(move || {
        server
            .incoming()
            .flatten()
            .for_each(|client| drop(refuse(client)))
    });
}

#[on_both]
async fn a_wrong_password_is_named(bench: TestApp) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "postgres://vedo:hunter2@{}/jobs",
        server.local_addr().unwrap()
    );
    refuse_every_password(server);
    let good = Dump::json(&json!([job("a", json!({}))]));
    let (report, _) = import_all(
        &bench,
        &Options::new(vec![url.clone().into(), good.path.clone()]),
    )
    .await;
    assert_eq!(
        (counts(&report), rejected(&report)[0].1),
        ((2, 1, 0, 1), "unreachable")
    );
    let told = report.rejects[0].kind.to_string();
    assert!(
        told.ends_with("password authentication failed for user \"vedo\"."),
        "{told}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let options = Options {
        report: Some(path.clone()),
        ..Options::new(vec![url.into()])
    };
    let error = import::run(&bench, &options, &mut |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, ImportError::NoneReadable(_)), "{error}");
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(
        (
            &report["records"][0]["reason"],
            &report["total"]["rejected"]
        ),
        (&json!("unreachable"), &json!(1))
    );
    assert!(!format!("{report} {error} {told}").contains("hunter2"));
}

#[on_both]
async fn an_address_of_something_else_is_named_without_its_password(bench: TestApp) {
    let good = Dump::json(&json!([job("a", json!({}))]));
    for address in [
        "mysql://root:hunter2@h/jobs",
        "REDIS://:hunter2@h:6379/0",
        "https://u:hunter2@h/jobs.json",
    ] {
        let options = Options::new(vec![address.into(), good.path.clone()]);
        let (report, _) = import_all(&bench, &options).await;
        assert_eq!(
            (report.total.found, rejected(&report)),
            (2, vec![(String::new(), "unreachable")])
        );
        let run = bench
            .get_import(report.import_id.as_ref().unwrap())
            .await
            .unwrap();
        let kept = bench
            .list_import_rejects(&run.id, None, 1000)
            .await
            .unwrap();
        assert!(
            kept[0].detail.starts_with("Nothing is read from ") && kept[0].file.contains(":***@h"),
            "{kept:?}"
        );
        assert!(!format!("{report:?} {kept:?} {run:?}").contains("hunter2"));
        let error = import::run(&bench, &Options::new(vec![address.into()]), &mut |_| {})
            .await
            .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
