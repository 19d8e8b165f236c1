//! The ways that a mail can go.

use super::Mail;
use crate::config::{self, MailWay};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use std::fs::{DirBuilder, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Why a mail could not be sent, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// A way that a mail can go.
pub trait Post: Sync {
    /// Sends it.
    fn deliver(&self, mail: &Mail) -> impl Future<Output = Result<(), Failed>>;
}

/// The way that was configured.
pub struct Postman {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// With a turn to write there.
    Folder(PathBuf, Arc<Semaphore>),
}

impl Way {
    fn folder(folder: PathBuf) -> Way {
        Way::Folder(folder, Arc::new(Semaphore::new(1)))
    }
}

impl Postman {
    /// From the settings; where they give the sender no name, it's what the site is called.
    ///
    /// # Errors
    /// Where the SMTP URL is none; the settings have checked it.
    pub fn of(settings: &config::Mail, site_name: &str) -> Result<Postman, Failed> {
        let way = match &settings.way {
            MailWay::Folder(folder) => Way::folder(folder.clone()),
            MailWay::Smtp(url) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
                    .map_err(|_| Failed("the SMTP URL is none".to_owned()))?;
                Way::Smtp(transport.build())
            }
        };
        let name = settings.from.name.clone().or_else(|| Some(site_name.to_owned()));
        Ok(Postman { from: Mailbox { name, ..settings.from.clone() }, way })
    }
}

impl Post for Postman {
    async fn deliver(&self, mail: &Mail) -> Result<(), Failed> {
        let message = message(mail, &self.from)?;
        match &self.way {
            Way::Smtp(transport) => {
                transport.send(message).await.map(drop).map_err(|error| Failed(unquoted(&error.to_string())))
            }
            Way::Folder(folder, alone) => {
                let path = folder.join(format!("{}-{}.eml", mail.at.unix_timestamp(), mail.id));
                let (folder, text) = (folder.clone(), message.formatted());
                // The caller stops waiting for a disk that hangs, and the thread can't: no second one
                // goes there before it's back.
                let alone =
                    Arc::clone(alone).acquire_owned().await.map_err(|error| Failed(error.to_string()))?;
                let put = tokio::task::spawn_blocking(move || {
                    let _alone = alone;
                    put(&folder, &path, &text)
                });
                let put = put.await;
                put.map_err(|error| Failed(error.to_string()))?.map_err(|error| Failed(error.to_string()))
            }
        }
    }
}

/// What a mail server says, for the log: without the words that it may have quoted of the mail, which
/// are addresses and links that work.
fn unquoted(said: &str) -> String {
    const LONGEST_WORD: usize = 30;
    const MOST_WORDS: usize = 40;
    let is_quoted = |word: &str| word.len() > LONGEST_WORD || word.contains(['@', '/']);
    let words = said.split_whitespace().map(|word| if is_quoted(word) { "…" } else { word });
    words.take(MOST_WORDS).collect::<Vec<_>>().join(" ")
}

/// Its address and its headers are typed: nothing that somebody wrote can become a header.
fn message(mail: &Mail, from: &Mailbox) -> Result<Message, Failed> {
    let name = HeaderName::new_from_ascii("Auto-Submitted".to_owned());
    let automatic = name.map_err(|error| Failed(error.to_string()))?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, mail.recipient.clone()))
        .subject(&mail.subject)
        .date(mail.at.into())
        .message_id(Some(format!("<{}@{}>", mail.message_id, from.email.domain())))
        // RFC 3834: nobody's holiday answers it.
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())
        .map_err(|error| Failed(error.to_string()))
}

/// For nobody else's eyes: links that work stand in it. Whole or not at all, and once, as the name
/// is the mail's.
fn put(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = path.with_extension("part");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use time::macros::datetime;

    fn mail(subject: &str) -> Mail {
        Mail {
            id: 7,
            message_id: "7.1".to_owned(),
            recipient: "reader@example.com".parse().unwrap(),
            subject: subject.to_owned(),
            text: "Hello\n.\nBcc: all@example.com\n".to_owned(),
            at: datetime!(2026-11-22 12:00 UTC),
        }
    }

    #[test]
    fn what_a_server_quotes_of_a_mail_is_left_out_of_what_it_said() {
        let said = "permanent error (550): 5.7.1 <reader@example.com>: message refused\r\nit links to \
                    https://tokens.example.com/reset/aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJkLmN \
                    (aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJkLmN)";
        assert_eq!(unquoted(said), "permanent error (550): 5.7.1 … message refused it links to … …");
        assert_eq!(unquoted(&"again ".repeat(1_000)).len(), "again ".len() * 40 - 1);
    }

    #[test]
    fn what_somebody_wrote_never_becomes_a_header() {
        let from: Mailbox = "Tokenhouse <tokens@example.com>".parse().unwrap();
        for evil in ["Hi\r\nBcc: all@example.com", "Hi\nBcc: all@example.com", "Hi\rBcc: all@example.com"] {
            let text = String::from_utf8(message(&mail(evil), &from).unwrap().formatted()).unwrap();
            let (headers, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
            assert!(headers.contains("Message-ID: <7.1@example.com>"), "{headers}");
            assert!(headers.contains("Auto-Submitted: auto-generated"), "{headers}");
        }
    }

    #[tokio::test]
    async fn without_a_server_a_mail_becomes_a_file_for_one_pair_of_eyes() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("mail");
        let from: Mailbox = "tokens@example.com".parse().unwrap();
        let postman = Postman { from, way: Way::folder(folder.clone()) };
        // Twice, as after a crash: it is the same file.
        for _ in 0..2 {
            postman.deliver(&mail("Hi")).await.unwrap();
        }
        let files: Vec<PathBuf> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, [folder.join("1795348800-7.eml")]);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&files[0])), (0o700, 0o600));
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(text.contains("To: reader@example.com") && text.contains("\r\nHello\r\n"), "{text}");
    }
    #[tokio::test]
    async fn a_folder_that_hangs_holds_one_thread_however_many_mails_wait() {
        let folder = tempfile::tempdir().unwrap();
        // Writing to it waits for a reader.
        let hangs = folder.path().join("1795348800-7.part");
        assert!(std::process::Command::new("mkfifo").arg(&hangs).status().unwrap().success());
        let from: Mailbox = "tokens@example.com".parse().unwrap();
        let way = Way::folder(folder.path().to_owned());
        let Way::Folder(_, turn) = &way else { panic!("a folder") };
        let turn = Arc::clone(turn);
        let postman = Postman { from, way };
        let another = Mail { id: 8, ..mail("Hi") };
        let briefly = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(briefly, postman.deliver(&mail("Hi"))).await.is_err());
        for _ in 0..3 {
            assert!(tokio::time::timeout(briefly, postman.deliver(&another)).await.is_err());
        }
        assert!(!folder.path().join("1795348800-8.part").exists(), "nobody else went there");
        assert_eq!(turn.available_permits(), 0);
        let read = tokio::task::spawn_blocking(move || std::fs::read(hangs).unwrap());
        postman.deliver(&another).await.unwrap();
        assert!(!read.await.unwrap().is_empty());
    }
}
