//! “Put it in front of your API”, followed word for word: its commands are taken out of the article and run.

#![cfg(target_os = "linux")]

use crate::support::wire::Api;
use crate::support::{database, ledger};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

const ARTICLE: &str = include_str!("../../docs/guide/in-front.md");

/// The commands of its steps, in their order.
fn commands() -> Vec<String> {
    let (_, rest) = ARTICLE.split_once("\n## In ten minutes\n").unwrap();
    let (steps, _) = rest.split_once("\n## ").unwrap();
    let blocks = steps.split("   ```\n").skip(1).step_by(2);
    let text: String = blocks.collect::<String>().replace("\\\n", "");
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// A machine of one's own: a folder, addresses of the loopback network, and an nginx.
struct Machine {
    folder: tempfile::TempDir,
    address: String,
    api: Api,
    database: String,
    serve: Option<Child>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let nginx = fs::read_to_string(self.folder.path().join("nginx.pid")).ok();
        let serve = self.serve.as_ref().map(|serve| serve.id().to_string());
        for pid in nginx.into_iter().chain(serve) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
        if let Some(mut serve) = self.serve.take() {
            let _ = serve.wait();
        }
    }
}

impl Machine {
    fn start() -> Machine {
        let folder = tempfile::Builder::new().prefix("in-front").tempdir_in(ledger::run_folder()).unwrap();
        let [.., high, low] = std::process::id().to_be_bytes();
        let machine = Machine {
            folder,
            address: format!("127.120.{high}.{low}"),
            api: Api::start(),
            database: database::url(&database::empty()),
            serve: None,
        };
        let home = machine.folder.path().display();
        fs::create_dir(machine.path("conf.d")).unwrap();
        fs::create_dir(machine.path("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tokenhouse"), machine.path("bin/tokenhouse")).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|one| format!("{one}_temp_path {home}/{one};\n")).concat();
        let http = format!("http {{ access_log off;\n{temporary}include {home}/conf.d/*.conf; }}\n");
        let settings = format!("pid {home}/nginx.pid;\nerror_log {home}/error.log;\nevents {{}}\n{http}");
        fs::write(machine.path("nginx.conf"), settings).unwrap();
        // There's none to reload yet, and port 80 belongs to the machine's own.
        let nginx = format!(
            "#!/bin/sh\nsed -i 's/  listen 80;/  listen {}:8000;/' {home}/conf.d/api.conf\n\
             exec /usr/sbin/nginx -c {home}/nginx.conf -e {home}/error.log\n",
            machine.address
        );
        fs::write(machine.path("bin/nginx"), nginx).unwrap();
        fs::set_permissions(machine.path("bin/nginx"), fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of the article, on this machine.
    fn command(&self, written: &str) -> Command {
        let here = [
            ("127.0.0.1:8081", format!("{}:8081", self.address)),
            ("127.0.0.1:3000", self.api.address.to_string()),
            ("/etc/nginx/conf.d", self.path("conf.d").display().to_string()),
            ("curl -i", format!("curl -si --resolve api.localhost:8000:{}", self.address)),
            ("http://api.localhost/", "http://api.localhost:8000/".to_owned()),
            // The day comes on which that one is past.
            ("2027-03-31", "never".to_owned()),
        ];
        let line = here.iter().fold(written.to_owned(), |line, (that, this)| line.replace(that, this));
        let mut command = Command::new("bash");
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.args(["-c", &format!("exec {line}")]).current_dir(self.folder.path());
        command.env_remove("TOKENHOUSE_CATALOGUE").env_remove("TOKENHOUSE_CONFIG").stdin(Stdio::null());
        command.envs([("PATH", path), ("DATABASE_URL", self.database.clone())]);
        command.env("TOKENHOUSE_LISTEN", format!("{}:8080", self.address));
        command
    }

    fn run(&self, written: &str) -> String {
        let Output { status, stdout, stderr } = self.command(written).output().unwrap();
        assert!(status.success(), "{written}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Starts what keeps running, and waits until the check listens.
    fn serve(&mut self, written: &str) {
        let mut serve = self.command(written).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let check: SocketAddr = format!("{}:8081", self.address).parse().unwrap();
        while TcpStream::connect(check).is_err() {
            assert!(matches!(serve.try_wait(), Ok(None)), "it doesn't start");
            std::thread::yield_now();
        }
        self.serve = Some(serve);
    }
}

#[test]
fn who_follows_the_article_word_for_word_sees_what_it_says() {
    let mut machine = Machine::start();
    let (mut secret, mut account, mut calls) = (String::new(), String::new(), Vec::new());
    for written in commands() {
        if written.starts_with("tokenhouse serve ") {
            machine.serve(&written);
        } else if let Some((call, said)) = written.split_once("    #") {
            calls.push((call.replace("shop_a_…", &secret), said.trim().to_owned()));
        } else if written.starts_with("curl ") {
            let (call, said) = written.rsplit_once('#').unwrap();
            calls.push((call.to_owned(), said.trim().to_owned()));
        } else {
            let said = machine.run(&written);
            // What `account create` prints is a number.
            if ["tokenhouse user create", "tokenhouse token create"]
                .iter()
                .any(|one| written.starts_with(one))
            {
                ledger::put_down(said.trim());
            }
            if written.starts_with("tokenhouse account create") {
                said.trim().clone_into(&mut account);
            } else if written.starts_with("tokenhouse token create") {
                said.trim().clone_into(&mut secret);
            }
        }
    }
    assert_eq!(account, "1010", "the article's number");
    let status = |call: &str| {
        let answer = machine.run(call);
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    for (call, said) in &calls {
        let arrives = said == "your API answers";
        let expected = if arrives { 200 } else { said.parse().unwrap() };
        assert_eq!(status(call), expected, "{call}");
        assert_eq!(machine.api.take().len(), usize::from(arrives), "{call}");
    }
    assert_eq!(calls.len(), 3);
    let listed = machine.run("tokenhouse token list --account 1010 --catalogue shop.toml");
    machine.run(&format!("tokenhouse token delete {}", listed.split_whitespace().next().unwrap()));
    assert_eq!(status(&calls[0].0), 401, "after its end");
    assert!(machine.api.take().is_empty());
}
