//! Lines on their way to a reader that may be slow, gone or out of disk. A thread of its own waits
//! for that reader, so that nothing that logs has to.
//!
//! tracing-appender has such a thread, too. But its queue is bounded by lines, of which one may be as
//! long as the path of a request, and it doesn't count what could not be written.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes wait for the reader, beside as many that are being written. Lines on top of them are
/// lost, and counted.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// The queue, and the one thread that writes what is in it.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
    /// Lines, since they were last reported.
    lost: u64,
}

impl Queue {
    /// Starts the thread, for as long as the process lives. `report` gets the number of lost lines as
    /// soon as a line could be written again.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Arc<Queue>> {
        let queue = Arc::<Queue>::default();
        let written = Arc::clone(&queue);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || written.write_on(out, report))?;
        Ok(queue)
    }

    /// Takes whole lines; returns at once.
    pub(super) fn push(&self, lines: &[u8]) {
        let mut state = self.state();
        if state.waiting.len() + lines.len() <= MOST_WAITING {
            state.waiting.extend_from_slice(lines);
            self.changed.notify_all();
        } else {
            state.lost += 1;
        }
    }

    /// Waits until everything is written, but no longer than this.
    pub(super) fn flush(&self, longest: Duration) {
        let waits = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let _ = self.changed.wait_timeout_while(self.state(), longest, waits);
    }

    fn write_on(&self, mut out: impl Write, report: impl Fn(u64)) {
        let mut is_torn = false;
        loop {
            let mut failed = 0;
            for line in self.next().split_inclusive(|byte| *byte == b'\n') {
                // A line that broke off is ended, so that the next is one of its own.
                let written = if is_torn { out.write_all(b"\n") } else { Ok(()) };
                is_torn = written.and_then(|()| out.write_all(line)).is_err();
                failed += u64::from(is_torn);
            }
            let mut state = self.state();
            state.lost += failed;
            // Behind what was written, where the lost ones belong.
            if !is_torn && state.waiting.is_empty() && state.lost > 0 {
                let lost = mem::take(&mut state.lost);
                drop(state);
                report(lost);
            }
        }
    }

    /// What waits, as soon as something does.
    fn next(&self) -> Vec<u8> {
        let mut state = self.state();
        state.is_writing = false;
        self.changed.notify_all();
        let waits = |state: &mut State| state.waiting.is_empty();
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        mem::take(&mut state.waiting)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For the subscriber, which writes each event whole.
impl Write for &Queue {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.push(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{self, Receiver, Sender};

    /// A reader that says which line it was given, and waits for the test to let it take that line or
    /// break it off.
    struct Reader {
        given: Sender<String>,
        takes: Receiver<bool>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The end of a line that broke off.
            if bytes == b"\n" {
                return Ok(1);
            }
            let _ = self.given.send(String::from_utf8(bytes.to_vec()).unwrap());
            if self.takes.recv() == Ok(true) {
                Ok(bytes.len())
            } else {
                Err(io::ErrorKind::StorageFull.into())
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The queue; the lines that its reader was given; what lets it take each; how many were reported as lost.
    fn queue() -> (Arc<Queue>, Receiver<String>, Sender<bool>, Receiver<u64>) {
        let ((given, lines), (take, takes), (reports, lost)) =
            (mpsc::channel(), mpsc::channel(), mpsc::channel());
        let report = move |lines| reports.send(lines).unwrap_or_default();
        (Queue::start(Reader { given, takes }, report).unwrap(), lines, take, lost)
    }

    #[test]
    fn lines_wait_for_a_slow_reader_as_far_as_there_is_room_and_the_rest_is_reported_as_lost() {
        let (queue, lines, take, lost) = queue();
        queue.push(b"first\n");
        assert_eq!(lines.recv().unwrap(), "first\n");
        let large = [vec![b'x'; MOST_WAITING / 4 - 1], b"\n".to_vec()].concat();
        for _ in 0..7 {
            queue.push(&large);
        }
        for _ in 0..4 {
            take.send(true).unwrap();
            assert_eq!(lines.recv().unwrap().len(), large.len());
        }
        assert!(lost.try_recv().is_err());
        take.send(true).unwrap();
        assert_eq!(lost.recv().unwrap(), 3);
    }

    #[test]
    fn lines_that_could_not_be_written_are_reported_as_lost_behind_the_first_that_could() {
        let (queue, lines, take, lost) = queue();
        for written in [false, false, true] {
            queue.push(b"line\n");
            assert_eq!(lines.recv().unwrap(), "line\n");
            assert!(lost.try_recv().is_err());
            take.send(written).unwrap();
        }
        assert_eq!(lost.recv().unwrap(), 2);
    }

    #[test]
    fn the_end_waits_for_the_last_lines_but_not_for_a_reader_that_never_takes_them() {
        let (queue, lines, take, _lost) = queue();
        queue.push(b"last\n");
        queue.push(b"very last\n");
        assert_eq!(lines.recv().unwrap(), "last\n");
        queue.flush(Duration::from_millis(1));
        for _ in 0..2 {
            take.send(true).unwrap();
        }
        queue.flush(Duration::MAX);
        assert_eq!(lines.try_recv().unwrap(), "very last\n");
    }
}
