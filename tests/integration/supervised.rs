//! What systemd hears of a server, and the unit that the documentation has for it.

use crate::commands::Shell;
use crate::hole::Hole;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tokenhouse.service");

/// The next thing that is told, within half a minute.
fn told(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 200];
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = socket.recv(&mut bytes).expect("systemd hears something");
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[actix_web::test]
async fn systemd_hears_when_a_server_is_ready_alive_and_ending_and_a_database_that_is_away_is_no_reason() {
    let shell = Shell::demo();
    let hole = Hole::before(&shell.url());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut server = shell
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", &hole.url)
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "300000")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The order of the first two is nobody's: both follow the same moment.
    let first = [told(&socket), told(&socket)];
    assert!(
        first.contains(&"READY=1\n".to_owned()) && first.contains(&"WATCHDOG=1\n".to_owned()),
        "{first:?}"
    );
    assert_eq!(told(&socket), "WATCHDOG=1\n");
    // Swallowed: each round is given up after its time, and ends by that.
    hole.set_open(false);
    for _ in 0..3 {
        assert_eq!(told(&socket), "WATCHDOG=1\n");
    }
    hole.set_open(true);
    let ended = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(ended.success());
    while told(&socket) != "STOPPING=1\n" {}
    // From here on nobody listens, and what it says has no place to go: it ends all the same.
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_rates_as_hardly_exposed() {
    let unit = std::fs::read_to_string(UNIT).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenhouse.service");
    // Where the program is here.
    let here = unit.replace("/usr/local/bin/tokenhouse", env!("CARGO_BIN_EXE_tokenhouse"));
    assert_ne!(here, unit);
    std::fs::write(&file, here).unwrap();
    let analyze = |words: &[&str], file: &Path| {
        let output = Command::new("systemd-analyze").args(words).arg(file).output();
        let output = output.expect("systemd-analyze: script/test installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    analyze(&["verify", "--man=no"], &file);
    // In tenths: 2.0 of 10.
    analyze(&["security", "--offline=true", "--threshold=20", "--no-pager"], &file);
    for line in ["WantedBy=multi-user.target", "Type=notify", "WatchdogSec=30"] {
        assert!(unit.lines().any(|one| one == line), "{line}");
    }
}
