//! Proxies of others, each with the text that `tokenhouse proxy-config` prints.

use super::ledger;
use rustix::net::sockopt::set_socket_reuseport;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tokenhouse::db::private::running_as_root;

/// The name that the API is called by.
pub const NAME: &str = "api.example.com";

/// A program that tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Debian's.
    Nginx,
    /// Debian's, which is years old.
    OldCaddy,
    /// Of `tests/python/requirements.txt`, as is Envoy.
    Caddy,
    Envoy,
}

/// A proxy that runs, until this is dropped.
pub struct Proxy {
    child: Child,
    pub address: SocketAddr,
    _port: OwnedFd,
    _folder: tempfile::TempDir,
}

impl Program {
    fn file(self) -> PathBuf {
        let python = |name: &str| format!("{}/tests/python/venv/bin/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = PathBuf::from(match self {
            Program::Nginx => "/usr/sbin/nginx".to_owned(),
            Program::OldCaddy => "/usr/bin/caddy".to_owned(),
            Program::Caddy => python("caddy"),
            Program::Envoy => python("envoy"),
        });
        assert!(file.is_file(), "{} isn't installed; script/test installs it", file.display());
        file
    }

    /// Starts it in front of this API, which the file `catalogue` describes. `check` is what
    /// `proxy-config` takes.
    pub fn start(self, catalogue: &str, check: &str, api: SocketAddr) -> Proxy {
        self.start_with(catalogue, check, api, &[])
    }

    /// The same, with some lines of the printed text replaced by others.
    pub fn start_with(
        self,
        catalogue: &str,
        check: &str,
        api: SocketAddr,
        lines: &[(String, String)],
    ) -> Proxy {
        let printed = |name: &str| {
            let text = printed(name, catalogue, check, api);
            lines.iter().fold(text, |text, (line, by)| with_line(&text, line, by))
        };
        let folder = tempfile::Builder::new().prefix("proxy").tempdir_in(ledger::run_folder()).unwrap();
        let (port, address) = free_port();
        let text = match self {
            Program::Nginx => nginx(&printed("nginx"), address, folder.path()),
            Program::OldCaddy | Program::Caddy => caddy(&printed("caddy"), address),
            Program::Envoy => envoy(&printed("envoy"), address),
        };
        let file = folder.path().join("settings.yaml");
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let home = folder.path().to_str().unwrap();
        let (arguments, ready) = match self {
            Program::Nginx => (vec!["-p", home, "-c", file, "-e", "stderr"], "start worker process "),
            Program::OldCaddy | Program::Caddy => {
                (vec!["run", "--config", file, "--adapter", "caddyfile"], "serving initial configuration")
            }
            Program::Envoy => {
                (vec!["-c", file, "--disable-hot-restart", "--concurrency", "1"], "starting workers")
            }
        };
        let mut child = Command::new(self.file())
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs([("HOME", home), ("XDG_CONFIG_HOME", home), ("XDG_DATA_HOME", home)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        loop {
            let Some(line) = lines.next() else { panic!("{self:?} doesn't start: {said}") };
            let _ = writeln!(said, "{line}");
            if line.contains(ready) {
                break;
            }
        }
        // Envoy says so a moment before its worker listens.
        while TcpStream::connect(address).is_err() && matches!(child.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
        // A full pipe would stop it; what it says belongs to the log that is searched for secrets.
        std::thread::spawn(move || {
            for line in lines {
                let _ = writeln!(ledger::log_file().lock().unwrap(), "{line}");
            }
        });
        Proxy { child, address, _port: port, _folder: folder }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx takes its worker along only when it's asked to end.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// A port that only a program that shares it gets, as all of these do: it's taken by nobody in between.
fn free_port() -> (OwnedFd, SocketAddr) {
    let held = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    set_socket_reuseport(&held, true).unwrap();
    bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = SocketAddrV4::try_from(getsockname(&held).unwrap()).unwrap();
    (held, address.into())
}

/// What `proxy-config` prints.
fn printed(proxy: &str, catalogue: &str, check: &str, api: SocketAddr) -> String {
    let api = api.to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_tokenhouse"))
        .args(["proxy-config", proxy, "--catalogue", catalogue])
        .args(["--check", check, "--upstream", &api, "--name", NAME])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The text with one of its lines replaced: the rest is what people get.
fn with_line(text: &str, line: &str, by: &str) -> String {
    assert_eq!(text.lines().filter(|one| *one == line).count(), 1, "{line} in {text}");
    text.lines().fold(String::new(), |text, one| text + if one == line { by } else { one } + "\n")
}

fn nginx(text: &str, address: SocketAddr, folder: &Path) -> String {
    let text = with_line(text, "  listen 80;", &format!("  listen {address} reuseport;"));
    // Its worker belongs to a user who may not open the socket of the check, else.
    let user = if running_as_root() { "user root;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String =
        temporary.map(|one| format!("{one}_temp_path {}/{one};\n", folder.display())).concat();
    format!(
        "daemon off;\npid {}/pid;\nerror_log stderr notice;\n{user}\nevents {{}}\nhttp {{\naccess_log off;\n\
         {temporary}{text}}}\n",
        folder.display()
    )
}

fn caddy(text: &str, address: SocketAddr) -> String {
    let site = format!("http://{NAME}:{} {{\n\tbind {}", address.port(), address.ip());
    format!("{{\n\tadmin off\n}}\n{}", with_line(text, &format!("{NAME} {{"), &site))
}

fn envoy(text: &str, address: SocketAddr) -> String {
    let listens = |ip: &str, port: u16| {
        format!("    address: {{ socket_address: {{ address: {ip}, port_value: {port} }} }}")
    };
    with_line(text, &listens("0.0.0.0", 80), &listens(&address.ip().to_string(), address.port()))
}
