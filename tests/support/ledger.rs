//! The folder of the run: the log of every server, and every secret and password that tests made.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use tokenhouse::models::password;

/// The folder of this run. Without `script/test` it is one a user, kept between runs.
pub fn run_folder() -> PathBuf {
    let folder = match std::env::var_os("TOKENHOUSE_TEST_RUN") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let who = if tokenhouse::db::private::running_as_root() { "root" } else { "user" };
            std::env::temp_dir().join(format!("tokenhouse-tests-{who}"))
        }
    };
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The one log of all servers of the run.
pub fn log_file() -> Mutex<File> {
    Mutex::new(appended("log.txt"))
}

/// Puts down a secret or a password that a test made, so that the search at the end looks for it.
pub fn put_down(secret: &str) {
    append("secrets.txt", &format!("{secret}\n"));
}

/// Appends a line to a file of the run in one write, so that tests that run at once don't mix theirs.
pub fn append(name: &str, line: &str) {
    appended(name).write_all(line.as_bytes()).unwrap();
}

/// The password of every demo user, made anew for each test binary.
pub fn password() -> String {
    static PASSWORD: OnceLock<String> = OnceLock::new();
    PASSWORD
        .get_or_init(|| {
            let password = password::random().unwrap();
            put_down(&password);
            password
        })
        .clone()
}

fn appended(name: &str) -> File {
    OpenOptions::new().create(true).append(true).open(run_folder().join(name)).unwrap()
}
