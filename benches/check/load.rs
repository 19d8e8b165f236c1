//! wrk on the server, and what the load cost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// So many connections at once.
pub const CONNECTIONS: u32 = 64;
/// What one tick of /proc/PID/stat is: USER_HZ is 100 on every Linux.
const TICK_MICROS: f64 = 10_000.0;

/// What wrk sends.
pub struct Load {
    file: PathBuf,
    connections: u32,
}

/// What came of one run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    /// Answers a second.
    pub rate: f64,
    /// The median, in milliseconds.
    pub p50: f64,
    /// Of a hundred, one takes longer; in milliseconds.
    pub p99: f64,
    /// Microseconds of CPU an answer: of the server.
    pub server: f64,
    /// Of Postgres, all its processes.
    pub postgres: f64,
    /// Of wrk.
    pub wrk: f64,
    /// The server's largest memory, in MB.
    pub memory: f64,
    /// Answers with a status from 400 on.
    pub refused: u64,
    /// Answers.
    pub answers: u64,
}

/// The processes whose work is counted.
pub struct Watched {
    /// The server.
    pub server: u32,
    /// The postmaster.
    pub postmaster: u32,
}

impl Load {
    /// These requests, one at random each time, over so many connections.
    pub fn of(folder: &Path, name: &str, connections: u32, requests: &[String]) -> Load {
        let file =
            folder.join(format!("{}.requests", name.replace(|sign: char| !sign.is_alphanumeric(), "-")));
        fs::write(&file, requests.iter().map(|one| format!("{one}\0")).collect::<String>()).unwrap();
        Load { file, connections }
    }

    /// Sends them for so long.
    pub fn run(&self, address: &str, seconds: u32, watched: &Watched) -> Run {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/check/load.wrk.lua");
        forget_peak(watched.server);
        let before = Spent::now(watched);
        let output = Command::new("wrk")
            .args([
                "-t1",
                &format!("-c{}", self.connections),
                &format!("-d{seconds}s"),
                "--timeout",
                "10s",
                "-s",
            ])
            .args([script, &format!("http://{address}/"), "--"])
            .arg(&self.file)
            .output()
            .expect("wrk runs");
        let spent = Spent::now(watched).since(before);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<f64> = said
            .lines()
            .find_map(|line| line.strip_prefix("RESULT "))
            .unwrap_or_else(|| panic!("wrk said: {said}{}", String::from_utf8_lossy(&output.stderr)))
            .split(' ')
            .map(|number| number.parse().unwrap())
            .collect();
        assert_eq!(numbers[5], 0.0, "connections broke or timed out");
        let answers = numbers[0].max(1.0);
        Run {
            rate: answers / (numbers[1] / 1e6),
            p50: numbers[2] / 1e3,
            p99: numbers[3] / 1e3,
            server: spent.server / answers,
            postgres: spent.postgres / answers,
            wrk: spent.children / answers,
            memory: peak(watched.server),
            refused: numbers[4] as u64,
            answers: answers as u64,
        }
    }
}

/// CPU time so far, in microseconds.
#[derive(Clone, Copy)]
pub struct Spent {
    server: f64,
    /// Of the postmaster and all its processes, those that have ended included.
    pub postgres: f64,
    children: f64,
}

impl Spent {
    /// As of now.
    pub fn now(watched: &Watched) -> Spent {
        let postmaster = stat(watched.postmaster);
        let backends: f64 = children(watched.postmaster).iter().map(|one| one.own).sum();
        let me = stat(std::process::id());
        Spent {
            server: stat(watched.server).own,
            postgres: postmaster.own + postmaster.ended_children + backends,
            children: me.ended_children,
        }
    }

    /// What was spent between.
    pub fn since(self, before: Spent) -> Spent {
        Spent {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            children: self.children - before.children,
        }
    }
}

struct Stat {
    parent: u32,
    own: f64,
    ended_children: f64,
}

/// proc(5): after the name in parentheses come state, parent, …; 14 to 17 are the times.
fn stat(process: u32) -> Stat {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<f64> = text
        .rsplit_once(") ")
        .map(|(_, rest)| rest.split(' ').skip(1).map(|field| field.trim().parse().unwrap_or(0.0)).collect())
        .unwrap_or_default();
    let field = |place: usize| fields.get(place - 4).copied().unwrap_or(0.0);
    Stat {
        parent: field(4) as u32,
        own: (field(14) + field(15)) * TICK_MICROS,
        ended_children: (field(16) + field(17)) * TICK_MICROS,
    }
}

fn children(parent: u32) -> Vec<Stat> {
    let numbers = fs::read_dir("/proc").unwrap().flatten();
    numbers
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(stat)
        .filter(|one| one.parent == parent)
        .collect()
}

/// proc(5): 5 forgets the peak of what was resident.
fn forget_peak(process: u32) {
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

fn peak(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
