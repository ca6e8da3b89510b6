//! Sends one HTTP request after the other over each of some connections, for some seconds, and
//! prints one line of JSON: answers a second, their latency in microseconds, and how many were not
//! 2xx or 304.
//!
//! usage: load HOST:PORT CLIENTS SECONDS|ROUNDSx METHOD PATH [BODY] [HEADER]...
//!
//! In PATH and BODY `{n}` becomes a number that no other request has, and `{id}` one of the lines
//! of standard input, by turns; what follows a space in that line is `{token}`. With ROUNDSx the
//! program uses each line ROUNDS times, however long that takes. It is a plain client on one thread,
//! which takes as little CPU from the server as a client can.

use std::{
    cell::{Cell, RefCell},
    io::Read,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

struct Job {
    address: String,
    method: String,
    path: String,
    body: String,
    headers: String,
    /// Each with its token.
    ids: Vec<(String, String)>,
    next: Cell<usize>,
    end: usize,
    bad: Cell<usize>,
    last_bad: RefCell<String>,
    micros: RefCell<Vec<u32>>,
    until: Instant,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut ids = String::new();
    if args.iter().any(|arg| arg.contains("{id}")) {
        std::io::stdin().read_to_string(&mut ids).expect("ids on standard input");
    }
    let ids: Vec<_> = ids.lines().map(|line| line.split_once(' ').unwrap_or((line, ""))).collect();
    let clients: usize = args[1].parse().expect("CLIENTS");
    let (seconds, rounds) = match args[2].strip_suffix('x') {
        Some(rounds) => (f64::from(u32::MAX), rounds.parse().expect("ROUNDSx")),
        None => (args[2].parse().expect("SECONDS"), usize::MAX),
    };
    let began = Instant::now();
    let first = usize::from(std::process::id() as u16) << 32;
    let job = Rc::new(Job {
        address: args[0].clone(),
        method: args[3].clone(),
        path: args[4].clone(),
        body: args.get(5).cloned().unwrap_or_default(),
        headers: args.iter().skip(6).map(|header| format!("{header}\r\n")).collect(),
        end: first.saturating_add(rounds.saturating_mul(ids.len().max(1))),
        ids: ids.into_iter().map(|(id, token)| (id.to_owned(), token.to_owned())).collect(),
        next: Cell::new(first),
        bad: Cell::new(0),
        last_bad: RefCell::default(),
        micros: RefCell::default(),
        until: began + Duration::from_secs_f64(seconds),
    });
    let local = tokio::task::LocalSet::new();
    for _ in 0..clients {
        let job = job.clone();
        local.spawn_local(async move {
            if let Err(error) = client(job).await {
                eprintln!("a connection broke: {error}");
                std::process::exit(1);
            }
        });
    }
    local.await;
    let took = began.elapsed().as_secs_f64();
    let mut micros = job.micros.borrow_mut();
    micros.sort_unstable();
    let at = |part: f64| micros.get(((micros.len() as f64 - 1.0) * part) as usize).copied().unwrap_or(0);
    println!(
        "{{\"rate\": {:.1}, \"answers\": {}, \"p50\": {}, \"p99\": {}, \"bad\": {}, \"last_bad\": \
        {:?}}}",
        micros.len() as f64 / took,
        micros.len(),
        at(0.5),
        at(0.99),
        job.bad.get(),
        job.last_bad.borrow()
    );
}

async fn client(job: Rc<Job>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(&job.address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(1 << 16);
    while Instant::now() < job.until && job.next.get() < job.end {
        let n = job.next.replace(job.next.get() + 1);
        let request = request(&job, n);
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        job.micros.borrow_mut().push(began.elapsed().as_micros() as u32);
        if !matches!(status, 200..=299 | 304) {
            job.bad.set(job.bad.get() + 1);
            *job.last_bad.borrow_mut() = String::from_utf8_lossy(&buffer[..buffer.len().min(600)]).into_owned();
        }
    }
    Ok(())
}

fn request(job: &Job, n: usize) -> String {
    let filled = |text: &str| {
        let text = if text.contains("{n}") { text.replace("{n}", &n.to_string()) } else { text.to_owned() };
        match job.ids.len() {
            0 => text,
            ids => {
                let (id, token) = &job.ids[n % ids];
                text.replace("{id}", id).replace("{token}", token)
            }
        }
    };
    let (path, body) = (filled(&job.path), filled(&job.body));
    let content = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!("{} {path} HTTP/1.1\r\nHost: localhost\r\n{}{content}\r\n{body}", job.method, job.headers)
}

/// Reads one answer into the buffer, and gives its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<u16> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = find(buffer, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0);
        if head.contains("transfer-encoding: chunked") {
            while !buffer.ends_with(b"0\r\n\r\n") {
                stream.read_buf(buffer).await?;
            }
            return Ok(status);
        }
        let length = head.split("content-length: ").nth(1).and_then(|s| s.split("\r\n").next()?.trim().parse().ok());
        let whole = end + 4 + if status == 304 { 0 } else { length.unwrap_or(0usize) };
        while buffer.len() < whole {
            stream.read_buf(buffer).await?;
        }
        return Ok(status);
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
