//! The HTTP face in this process, on a database of its own: routes, listener and connections are
//! those of the server.

use super::answer::Answer;
use crate::support::{Backend, Fixture, TestApp};
use callsheet::{
    api,
    app::App,
    config::Config,
    db::{Database, Options},
    import::{Background, Settings},
    jobs::JobManager,
    server::{self, ServerLimits},
};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use std::{future::Future, ops::Deref, path::PathBuf, pin::Pin, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The verbs are called on it as on a [`TestApp`]; requests are sent with `get`, `post`, ….
#[derive(Clone)]
pub struct Api {
    bench: TestApp,
    /// `127.0.0.1:PORT`.
    host: String,
    client: reqwest::Client,
    /// Its files are served under /media/.
    media: Arc<TempDir>,
    server: Arc<JoinHandle<()>>,
    served: JobManager,
}

impl Deref for Api {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.bench
    }
}

impl Fixture for Api {
    async fn set_up(backend: Backend) -> Self {
        Self::configured(TestApp::set_up(backend).await, |_| {}).await
    }

    async fn tear_down(self) {
        self.server.abort();
        self.bench.tear_down().await;
    }
}

impl Api {
    /// Another server on the same database.
    pub async fn again(&self, configure: impl FnOnce(&mut Config)) -> Self {
        Self::configured(self.bench.clone(), configure).await
    }

    /// Another server on the same database, which keeps in memory what was read, as a served one
    /// does.
    pub async fn keeping(&self) -> Self {
        let options = Options {
            cache_jobs: 100,
            ..Options::new(&self.bench.db.url)
        };
        let db = Database::connect(&options).await.unwrap();
        let jobs = JobManager::new(db, self.bench.clock.clone(), self.bench.chance.clone());
        Self::of(self.bench.clone(), jobs, |_| {}).await
    }

    async fn configured(bench: TestApp, configure: impl FnOnce(&mut Config)) -> Self {
        let jobs = bench.another().await;
        Self::of(bench, jobs, configure).await
    }

    async fn of(bench: TestApp, jobs: JobManager, configure: impl FnOnce(&mut Config)) -> Self {
        let media = Arc::new(
            tempfile::Builder::new()
                .prefix("callsheet-media-")
                .tempdir()
                .unwrap(),
        );
        let mut config = Config::load(Default::default(), Default::default()).unwrap();
        config.media_dir = Some(media.path().to_owned());
        configure(&mut config);
        jobs.load_keys().await.unwrap();
        let imports = Background::new(jobs.clone(), Settings::default());
        let routes = api::routes(&App {
            jobs: jobs.clone(),
            imports,
            config: Arc::new(config),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (limits, never) = (ServerLimits::default(), std::future::pending());
        let server = server::serve(listener, routes, limits, never, Duration::ZERO);
        let server = Arc::new(tokio::spawn(async move { server.await.unwrap() }));
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            bench,
            host,
            client: client.build().unwrap(),
            media,
            server,
            served: jobs,
        }
    }

    /// The JobManager behind the requests; the verbs are called on another one.
    pub fn served(&self) -> &JobManager {
        &self.served
    }

    /// A file of the media folder.
    pub fn media(&self, name: &str) -> PathBuf {
        self.media.path().join(name)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.host))
    }

    pub fn get(&self, path: &str) -> Call {
        call(self.request(Method::GET, path))
    }

    pub fn get_with(&self, path: &str, header: &'static str, value: &str) -> Call {
        call(self.request(Method::GET, path).header(header, value))
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.send(Method::POST, path, body)
    }

    pub fn put(&self, path: &str, body: Value) -> Call {
        self.send(Method::PUT, path, body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.send(Method::PATCH, path, body)
    }

    pub fn delete(&self, path: &str) -> Call {
        call(self.request(Method::DELETE, path))
    }

    pub fn send(&self, method: Method, path: &str, body: Value) -> Call {
        call(self.request(method, path).json(&body))
    }

    /// A body that is sent as it stands.
    pub fn send_text(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Call {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        call(
            self.request(method, path)
                .headers(headers)
                .body(body.into()),
        )
    }

    /// A request that no client library would send, e.g. with dots in its path. It has to ask for
    /// the connection's end.
    pub async fn raw(&self, request: &[u8]) -> Answer {
        let mut connection = TcpStream::connect(&self.host).await.unwrap();
        connection.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        Answer::parse(&answer)
    }

    pub async fn raw_get(&self, path: &str) -> Answer {
        self.raw(
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await
    }

    /// The call has to be refused with this status and code, and to leave the job, its items and
    /// its history as they were. Answers with the problem.
    pub async fn unchanged(
        &self,
        id: &str,
        call: impl Future<Output = Answer>,
        status: u16,
        code: &str,
    ) -> Value {
        let before = self.whole(id).await;
        let problem = call.await.problem(status, code);
        assert_eq!(
            self.whole(id).await,
            before,
            "a call that was refused with {code} changed the job"
        );
        problem
    }

    /// Makes a job, and answers with it.
    pub async fn made(&self, body: Value) -> Value {
        self.post("/api/v1/jobs", body).await.json(201)
    }

    pub async fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).await.json(200)
    }
}

/// A request that is sent when it is awaited.
pub type Call = Pin<Box<dyn Future<Output = Answer> + Send>>;

pub fn call(request: reqwest::RequestBuilder) -> Call {
    Box::pin(Answer::of(request))
}

/// The path of a job, or of something of it.
pub fn of_job(id: &str, rest: &str) -> String {
    format!("/api/v1/jobs/{id}{rest}")
}

const ONLY_OF_GET: [&str; 5] = [
    "shots",
    "shots_next_after",
    "queue_position",
    "estimated_start_at",
    "estimated_end_at",
];

/// A single GET of a job shows its shots and its place in line; the answers of creating and
/// changing calls leave them out.
pub fn without_shots(mut job: Value) -> Value {
    job.as_object_mut()
        .unwrap()
        .retain(|name, _| !ONLY_OF_GET.contains(&name.as_str()));
    job
}

/// The least that a job is made of.
pub fn least() -> Value {
    json!({"job_type": "idea2video"})
}

/// `POINTER CODE` or `PARAMETER CODE` of each field of a problem.
pub fn places(problem: &Value) -> Vec<String> {
    let place = |field: &Value| {
        let place = field["pointer"]
            .as_str()
            .or(field["parameter"].as_str())
            .expect("a place");
        assert!(
            field["detail"]
                .as_str()
                .is_some_and(|detail| detail.ends_with('.')),
            "no sentence: {field}"
        );
        format!("{place} {}", field["code"].as_str().unwrap())
    };
    problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(place)
        .collect()
}
