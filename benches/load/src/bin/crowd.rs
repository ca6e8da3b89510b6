//! Clients that create jobs without end, come again when they are refused or cut off, and write
//! down each answer.
//!
//! usage: crowd CLIENTS LEAVERS
//!
//! Each line of standard input names the HOST:PORT of the server from then on; at its end everyone
//! stops, and the book is printed, an attempt a line: what it was (`201`, another status, `broken`,
//! `left`), when it ended in microseconds since 1970, how many it took, its idempotency key, the
//! job's id if there is one, and whether a refusal said when to come again. A client repeats its
//! create with the same key until it has a job, sooner than it is asked to. A leaver waits 50 ms on
//! a new connection, and goes away.

use std::{
    cell::RefCell,
    io::{BufRead, Write},
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};

const AGAIN: Duration = Duration::from_millis(100);
const LEAVE: Duration = Duration::from_millis(50);

type Book = Rc<RefCell<Vec<String>>>;
/// Where the server is; nothing when it is over.
type Stage = watch::Receiver<Option<String>>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<usize> = std::env::args().skip(1).map(|arg| arg.parse().expect("a number")).collect();
    let (tell, mut stage) = watch::channel(None);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = tell.send(Some(line));
        }
        let _ = tell.send(None);
    });
    stage.changed().await.expect("an address on standard input");
    let book = Book::default();
    let local = tokio::task::LocalSet::new();
    for n in 0..args[0] + args[1] {
        let (stage, book) = (stage.clone(), book.clone());
        if n < args[0] {
            local.spawn_local(stay(n, stage, book));
        } else {
            local.spawn_local(leave(n, stage, book));
        }
    }
    local.await;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in book.borrow().iter() {
        writeln!(out, "{line}").expect("standard output");
    }
    out.flush().expect("standard output");
}

fn where_to(stage: &Stage) -> Option<String> {
    stage.borrow().clone()
}

async fn stay(client: usize, stage: Stage, book: Book) {
    let mut connection: Option<(String, TcpStream)> = None;
    let mut n = 0;
    while let Some(address) = where_to(&stage) {
        let key = format!("{}-{client}-{n}", std::process::id());
        // A connection to a server that was killed is of no use any more.
        if connection.as_ref().is_none_or(|(to, _)| *to != address) {
            connection = TcpStream::connect(&address).await.ok().map(|stream| (address, stream));
        }
        let Some((_, stream)) = &mut connection else {
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        let began = Instant::now();
        match create(stream, &key).await {
            Ok(answer) if answer.status == 201 || answer.status == 200 => {
                note(&book, began, &key, &answer);
                n += 1;
            }
            Ok(answer) => {
                note(&book, began, &key, &answer);
                sleep(AGAIN).await;
            }
            Err(_) => {
                note(&book, began, &key, &Answer { what: "broken", ..Answer::default() });
                connection = None;
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn leave(client: usize, stage: Stage, book: Book) {
    let mut n = 0;
    while let Some(address) = where_to(&stage) {
        let key = format!("{}-{client}-{n}", std::process::id());
        n += 1;
        let Ok(mut stream) = TcpStream::connect(&address).await else {
            sleep(LEAVE).await;
            continue;
        };
        let began = Instant::now();
        let answer = match timeout(LEAVE, create(&mut stream, &key)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer { what: "broken", ..Answer::default() },
            Err(_) => Answer { what: "left", ..Answer::default() },
        };
        note(&book, began, &key, &answer);
        if answer.status != 201 {
            sleep(LEAVE).await;
        }
    }
}

#[derive(Default)]
struct Answer {
    what: &'static str,
    status: u16,
    id: String,
    retry_after: bool,
}

fn note(book: &Book, began: Instant, key: &str, answer: &Answer) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let what = if answer.what.is_empty() { answer.status.to_string() } else { answer.what.to_owned() };
    let id = if answer.id.is_empty() { "-" } else { &answer.id };
    let line = format!("{what} {now} {} {key} {id} {}", began.elapsed().as_micros(), u8::from(answer.retry_after));
    book.borrow_mut().push(line);
}

async fn create(stream: &mut TcpStream, key: &str) -> std::io::Result<Answer> {
    let body = format!(
        "{{\"job_type\": \"idea2video\", \"project_title\": \"{key}\", \"content\": \"{}\", \"labels\": {{\"team\": \"red\"}}, \
         \"request_data\": {{\"idea\": \"A fox learns to ride\", \"seconds\": 30}}}}",
        "A fox learns to ride. ".repeat(8)
    );
    let request = format!(
        "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = Vec::with_capacity(2048);
    let (end, head) = loop {
        read(stream, &mut buffer).await?;
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break (end + 4, String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase());
        }
    };
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<usize>().ok());
    let status = number(head.get(9..12)).unwrap_or(0) as u16;
    let length = number(head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()));
    while buffer.len() < end + length.unwrap_or(0) {
        read(stream, &mut buffer).await?;
    }
    let body = String::from_utf8_lossy(&buffer[end..]);
    let id = body.split("\"job_id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    Ok(Answer { what: "", status, id, retry_after: head.contains("\r\nretry-after: ") })
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.read_buf(buffer).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
