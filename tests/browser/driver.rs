//! Debian's chromedriver and the Chromium it starts: one of each for a test, gone with it.

use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// Where Chromium is, by the names that distributions give it.
const CHROMIUM: [&str; 2] = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

const FLAGS: [&str; 10] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--lang=en",
];

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
struct Process(Child, Option<BufReader<ChildStdout>>);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Driver {
    /// Starts both, with a profile that nobody used before.
    pub async fn start() -> Driver {
        let child = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: script/test does that");
        let mut process = Process(child, None);
        let port = port_of(&mut process);
        let profile = tempfile::tempdir().unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let client =
            Client::with_capabilities_and_connector(&address, &capabilities(&profile), HttpConnector::new())
                .await
                .expect("Chromium starts");
        let session = client.session_id().await.unwrap().unwrap();
        Driver { client, port, session, _process: process, _profile: profile }
    }

    /// A command of the session that fantoccini has no name for.
    pub async fn call(&self, method: Method, path: impl Into<String>, body: Option<Value>) -> Option<Value> {
        self.client.issue_cmd(Raw { method, path: path.into(), body }).await.ok()
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.call(Method::POST, "goog/cdp/execute", Some(body)).await.expect(command)
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

/// The driver takes a port that is free and says which.
fn port_of(process: &mut Process) -> u16 {
    let said = process.1.insert(BufReader::new(process.0.stdout.take().unwrap()));
    for line in said.by_ref().lines().map_while(Result::ok) {
        // The first line names the port that was asked for: 0.
        if let Some((_, port)) = line.rsplit_once("on port ")
            && let Ok(port @ 1..) = port.trim_end_matches('.').parse()
        {
            return port;
        }
    }
    panic!("chromedriver did not say which port it took");
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
    all.as_object().unwrap().clone()
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
