//! Both ends of a proxy, byte for byte: an API that writes down what arrives, and calls as they are sent.

use super::proxy::NAME;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Names and values, in their order.
pub type Fields = Vec<(String, Vec<u8>)>;

/// A call, as it's sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: &'static str,
    pub target: Vec<u8>,
    pub fields: Fields,
}

impl Call {
    pub fn new(method: &'static str, target: impl AsRef<[u8]>) -> Call {
        Call { method, target: target.as_ref().to_vec(), fields: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Call {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn bearing(self, secret: &str) -> Call {
        self.with("Authorization", format!("Bearer {secret}"))
    }

    /// Over a connection of its own.
    pub fn send(&self, to: SocketAddr) -> Seen {
        Line::to(to).send(&self.bytes())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(format!(" HTTP/1.1\r\nHost: {NAME}\r\n").as_bytes());
        for (name, value) in &self.fields {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        // What waits for the body at the check would never be answered.
        let body = if self.method == "POST" { "Content-Length: 4\r\n\r\nbody" } else { "\r\n" };
        bytes.extend_from_slice(body.as_bytes());
        bytes
    }
}

/// A call that reached the API.
pub struct Arrived {
    pub method: String,
    pub target: String,
    pub fields: Fields,
}

impl fmt::Debug for Arrived {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}\n{}", self.method, self.target, Lines(&self.fields))
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n{}\n{}", self.status, Lines(&self.fields), self.body)
    }
}

struct Lines<'a>(&'a Fields);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| writeln!(out, "{name}: {}", value.escape_ascii()))
    }
}

/// An API that answers each call with 200 and `served`.
pub struct Api {
    pub address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Api {
    pub fn start() -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let arrived = Arc::<Mutex<Vec<Arrived>>>::default();
        let of_thread = Arc::clone(&arrived);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let arrived = Arc::clone(&of_thread);
                std::thread::spawn(move || {
                    let _ = serve(&stream, &arrived);
                });
            }
        });
        Api { address, arrived }
    }

    /// What arrived since this was asked last.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.arrived.lock().unwrap())
    }
}

/// Serves a connection until it's closed.
fn serve(stream: &TcpStream, arrived: &Mutex<Vec<Arrived>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some((line, fields)) = head(&mut reader)? {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target) = (word(), word());
        body(&mut reader, &fields, false)?;
        let is_head = method == "HEAD";
        arrived.lock().unwrap().push(Arrived { method, target, fields });
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n";
        let answer = format!("{answer}{}", if is_head { "" } else { "served" });
        let mut writer = stream;
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// What a client sees.
pub struct Seen {
    /// 0 where the connection was closed without an answer.
    pub status: u16,
    pub fields: Fields,
    pub body: String,
}

impl Seen {
    /// The first value of a header.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut values = self.fields.iter().filter(|(one, _)| one.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The code of a refusal of the check.
    pub fn code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        assert!(
            self.field("content-type").is_some_and(|kind| kind.starts_with("application/json")),
            "{self:?}"
        );
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{self:?}");
        body["code"].as_str().map(str::to_owned)
    }
}

/// A connection, and another where it was closed.
pub struct Line {
    address: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

impl Line {
    pub fn to(address: SocketAddr) -> Line {
        Line { address, open: None }
    }

    /// Sends these bytes, and reads one answer.
    pub fn send(&mut self, request: &[u8]) -> Seen {
        let mut reader = self.open.take().unwrap_or_else(|| {
            let stream = TcpStream::connect(self.address).unwrap();
            // A proxy that never answers fails the test instead of hanging it.
            stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
            BufReader::new(stream)
        });
        // It may have been refused before its end.
        let _ = reader.get_mut().write_all(request);
        let heard = head(&mut reader).unwrap_or_else(|cause| {
            assert_ne!(cause.kind(), std::io::ErrorKind::WouldBlock, "no answer");
            None
        });
        let Some((line, fields)) = heard else {
            return Seen { status: 0, fields: Vec::new(), body: String::new() };
        };
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let bodiless = request.starts_with(b"HEAD ") || status == 204 || status == 304;
        let body = if bodiless { Vec::new() } else { body(&mut reader, &fields, true).unwrap() };
        let seen = Seen { status, fields, body: String::from_utf8_lossy(&body).into_owned() };
        if seen.field("connection").is_none_or(|said| said != "close") {
            self.open = Some(reader);
        }
        seen
    }
}

/// The first line and the fields; `None` at the end of the connection.
fn head(reader: &mut impl BufRead) -> std::io::Result<Option<(String, Fields)>> {
    let mut first = Vec::new();
    if reader.read_until(b'\n', &mut first)? == 0 {
        return Ok(None);
    }
    let mut fields = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii().to_vec();
        fields.push((String::from_utf8_lossy(name).into_owned(), value));
    }
    Ok(Some((String::from_utf8_lossy(&first).trim_end().to_owned(), fields)))
}

/// A body by its length or in chunks; of an answer that says neither, all that comes.
fn body(reader: &mut impl BufRead, fields: &Fields, of_answer: bool) -> std::io::Result<Vec<u8>> {
    let field = |name: &str| {
        let value = fields.iter().find(|(one, _)| one.eq_ignore_ascii_case(name));
        value.map(|(_, value)| String::from_utf8_lossy(value).to_ascii_lowercase())
    };
    let mut body = Vec::new();
    if field("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            let mut chunk = vec![0; length + 2];
            reader.read_exact(&mut chunk)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }
    match field("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        None if of_answer => {
            reader.read_to_end(&mut body)?;
        }
        None => {}
    }
    Ok(body)
}
