//! Endpoints with TLS: certificates of a private authority, and what is refused.

use super::{
    deliver, deliveries,
    receiver::{Received, read},
};
use crate::support::{Server, TestApp, TestDb};
use callsheet::{
    jobs::NewWebhook,
    outbound::{Limits, Outbound, OutboundPolicy, read_authorities},
};
use entity::{JobStatus, webhook_delivery::DeliveryState};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpListener, sync::Notify};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// A certificate authority in a folder.
struct Authority(TempDir);

impl Authority {
    fn new(name: &str) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        this.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ]);
        this
    }

    fn openssl(&self, args: &[&str]) {
        let mut command = Command::new("openssl");
        let done = command.args(args).current_dir(&self.0).output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a certificate for a name, such as `IP:127.0.0.1`.
    fn certify(&self, name: &str) -> ServerConfig {
        let extension = format!("subjectAltName={name}\nbasicConstraints=CA:FALSE\n");
        std::fs::write(self.file("leaf.ext"), extension).unwrap();
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=endpoint",
            "-keyout",
            "leaf.key",
            "-out",
            "leaf.csr",
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "leaf.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            "leaf.ext",
            "-out",
            "leaf.pem",
        ]);
        let chain = vec![CertificateDer::from_pem_file(self.file("leaf.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.file("leaf.key")).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}

/// An endpoint with TLS that accepts everything.
struct Endpoint {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    came: Arc<Notify>,
}

impl Endpoint {
    async fn start(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            url: format!("https://{}/hook", listener.local_addr().unwrap()),
            received: Arc::default(),
            came: Arc::default(),
        };
        let (received, came) = (this.received.clone(), this.came.clone());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(connection).await else {
                    continue;
                };
                let message = read(&mut stream).await.unwrap();
                received.lock().unwrap().push(message);
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                let _ = stream.shutdown().await;
                came.notify_one();
            }
        });
        this
    }

    fn messages(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// Lets a server send to this machine, and trust the authorities of a file.
fn trust(t: &TestApp, file: Option<&Path>) {
    let policy = OutboundPolicy {
        allowed: vec!["127.0.0.0/8".parse().unwrap()],
        authorities: file.map_or(Vec::new(), |file| read_authorities(file).unwrap()),
        ..OutboundPolicy::default()
    };
    t.send_webhooks_by(Outbound::new(policy, Limits::default()));
}

async fn sent_to(t: &TestApp, endpoint: &Endpoint) -> (String, entity::webhook_delivery::Model) {
    let new = NewWebhook {
        url: endpoint.url.clone(),
        ..NewWebhook::default()
    };
    let webhook = t.create_webhook(new).await.unwrap();
    t.job_in(JobStatus::Completed).await;
    deliver(t).await;
    let row = deliveries(t, &webhook.id).await.remove(0);
    (webhook.secret, row)
}

#[on_both]
async fn an_endpoint_of_a_trusted_private_authority_gets_its_messages(t: TestApp) {
    let authority = Authority::new("Studio");
    let endpoint = Endpoint::start(authority.certify("IP:127.0.0.1")).await;
    trust(&t, Some(&authority.file("ca.pem")));
    let (secret, row) = sent_to(&t, &endpoint).await;
    assert_eq!(
        (row.state, row.status_code, row.error),
        (DeliveryState::Delivered, Some(204), None)
    );
    let messages = endpoint.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].is_signed_by(&secret));
}

#[on_both]
async fn a_certificate_of_an_unknown_authority_is_refused_with_the_remedy(t: TestApp) {
    let unknown = Authority::new("Unknown");
    let endpoint = Endpoint::start(unknown.certify("IP:127.0.0.1")).await;
    trust(&t, Some(&Authority::new("Studio").file("ca.pem")));
    let (_, row) = sent_to(&t, &endpoint).await;
    assert_eq!((row.state, row.attempt), (DeliveryState::Pending, 1));
    let error = row.error.unwrap();
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert!(error.contains("--webhook-ca"), "{error}");
    assert_eq!(endpoint.messages().len(), 0);
}

#[on_both]
async fn a_certificate_of_another_name_is_refused(t: TestApp) {
    let authority = Authority::new("Studio");
    let endpoint = Endpoint::start(authority.certify("DNS:hooks.studio.example")).await;
    trust(&t, Some(&authority.file("ca.pem")));
    let (_, row) = sent_to(&t, &endpoint).await;
    assert_eq!(row.state, DeliveryState::Pending);
    let error = row.error.unwrap();
    assert!(error.contains("certificate"), "{error}");
    assert!(error.contains("127.0.0.1"), "{error}");
    assert_eq!(endpoint.messages().len(), 0);
}

#[on_both]
async fn a_server_trusts_the_authority_of_its_flag_for_urls_of_jobs_too(db: TestDb) {
    let authority = Authority::new("Studio");
    let endpoint = Endpoint::start(authority.certify("IP:127.0.0.1")).await;
    let file = authority.file("ca.pem");
    let flags = [
        "--webhook-allow-net",
        "127.0.0.0/8",
        "--webhook-ca",
        file.to_str().unwrap(),
    ];
    let server = Server::start_with(&db.url, &flags).await;
    let new = json!({
        "job_type": "idea2video", "webhook": {"url": endpoint.url, "kinds": ["job.created"]},
    });
    let request = server.client.post(server.at("/api/v1/jobs")).json(&new);
    assert_eq!(request.send().await.unwrap().status(), 201);
    endpoint.came.notified().await;
    let secret = server
        .client
        .get(server.at("/api/v1/webhook-secret"))
        .send()
        .await
        .unwrap();
    let secret: serde_json::Value = secret.json().await.unwrap();
    let messages = endpoint.messages();
    assert!(messages[0].is_signed_by(secret["secret"].as_str().unwrap()));
    server.stop("TERM").await;
}

#[test]
fn a_file_without_certificates_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let refused = |file: &Path| read_authorities(file).unwrap_err();
    assert!(refused(&file).contains("name a file in the format PEM"));
    std::fs::write(&file, "no certificate").unwrap();
    assert!(refused(&file).contains("there is none in it"));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&file, broken).unwrap();
    assert!(refused(&file).contains("no certificate can be read from"));
}
