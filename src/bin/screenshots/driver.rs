//! Debian's chromedriver and the Chromium it starts: one of each, gone with it. For pictures of the
//! documentation and for the browser tests.

use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// Where Chromium is, by the names that distributions give it.
const CHROMIUM: [&str; 2] = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/// What could look different from run to run is off: colours of the screen, hints of its fonts.
const FLAGS: [&str; 15] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--lang=en-US",
    "--force-color-profile=srgb",
    "--font-render-hinting=slight",
    "--disable-font-subpixel-positioning",
    "--disable-lcd-text",
    "--disable-partial-raster",
];

/// chromedriver takes a port that is free on ::1, and ends when another has that port on 127.0.0.1,
/// as servers and connections beside it may. So it is started again, so often at most.
const STARTS: usize = 10;

/// What went wrong with the browser, in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DriverError(String);

impl DriverError {
    /// An error with a cause.
    pub fn new(what: impl std::fmt::Display, cause: impl std::fmt::Display) -> DriverError {
        DriverError(format!("{what}: {cause}"))
    }
}

/// A running chromedriver with one session.
pub struct Driver {
    pub client: Client,
    port: u16,
    session: String,
    // In this order: the process ends before its profile goes.
    _process: Process,
    _profile: TempDir,
}

/// chromedriver, with what it says: it would end at the first line that nobody takes.
pub struct Process(Child, BufReader<ChildStdout>);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Driver {
    /// Starts both, with a profile that nobody used before.
    ///
    /// # Errors
    /// When one of them is not there, or does not start.
    pub async fn start() -> Result<Driver, DriverError> {
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]).env("TZ", "UTC").env("LANG", "C.UTF-8");
        let (process, port) = listening(&mut command)?;
        let profile = tempfile::tempdir().map_err(|error| DriverError::new("no profile", error))?;
        let address = format!("http://127.0.0.1:{port}");
        let started = |error: String| DriverError::new("Chromium does not start", error);
        let client =
            Client::with_capabilities_and_connector(&address, &capabilities(&profile), HttpConnector::new())
                .await
                .map_err(|error| started(error.to_string()))?;
        let session = client.session_id().await.map_err(|error| started(error.to_string()))?;
        let session = session.ok_or_else(|| started("it has no session".to_owned()))?;
        Ok(Driver { client, port, session, _process: process, _profile: profile })
    }

    /// A command of the session that fantoccini has no name for.
    pub async fn call(&self, method: Method, path: impl Into<String>, body: Option<Value>) -> Option<Value> {
        self.client.issue_cmd(Raw { method, path: path.into(), body }).await.ok()
    }

    /// A command of the DevTools protocol.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value, DriverError> {
        let body = json!({ "cmd": command, "params": parameters });
        let answer = self.call(Method::POST, "goog/cdp/execute", Some(body)).await;
        answer.ok_or_else(|| DriverError::new(command, "the browser refuses it"))
    }

    /// Ends Chromium. Not by fantoccini, which cannot wait where a test panics.
    fn end_session(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            self.session
        )?;
        // The first byte comes when the browser has ended.
        stream.read_exact(&mut [0])
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.end_session();
    }
}

/// The process of this command, once it has said on which port it listens.
///
/// # Errors
/// When it does not start, or ended each time without a port: with its last words.
pub fn listening(command: &mut Command) -> Result<(Process, u16), DriverError> {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut last = String::new();
    for _ in 0..STARTS {
        let start = |error: std::io::Error| DriverError::new("chromedriver does not start", error);
        let mut child = command.spawn().map_err(start)?;
        let said = child.stdout.take().ok_or_else(|| start(std::io::ErrorKind::BrokenPipe.into()))?;
        let mut process = Process(child, BufReader::new(said));
        for line in process.1.by_ref().lines().map_while(Result::ok) {
            // The first line names the port that was asked for: 0.
            if let Some((_, port)) = line.rsplit_once("on port ")
                && let Ok(port @ 1..) = port.trim_end_matches('.').parse()
            {
                return Ok((process, port));
            }
            last = line;
        }
    }
    Err(DriverError::new(format!("chromedriver took no port in {STARTS} starts"), last))
}

fn capabilities(profile: &TempDir) -> fantoccini::wd::Capabilities {
    let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
    flags.push(format!("--user-data-dir={}", profile.path().display()));
    if tokenhouse::db::private::running_as_root() {
        flags.push("--no-sandbox".to_owned());
    }
    let mut options = json!({ "args": flags });
    if let Some(binary) = CHROMIUM.iter().find(|path| std::path::Path::new(path).exists()) {
        options["binary"] = json!(binary);
    }
    let all = json!({ "browserName": "chrome", "goog:chromeOptions": options });
    all.as_object().cloned().unwrap_or_default()
}

#[derive(Debug)]
struct Raw {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}
