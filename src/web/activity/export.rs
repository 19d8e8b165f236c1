//! All of the activity as a file: CSV or JSON lines, read and sent a few hundred lines at a time. Each
//! piece is written where it was read, on a thread that waits for the database: a line about a long
//! record is half a megabyte, and the async threads have others to answer.

use super::asked::Asked;
use super::reader::Reader;
use super::{Whose, words};
use crate::db::{Conn, DbError};
use crate::http::{AppData, AppError};
use crate::models::activity::{Cursor, Line, PER_CHUNK, Source, Wanted};
use crate::models::token::expiry::iso_day;
use crate::policy::{AccountId, ClientAddress};
use crate::web::guard::{AccountMember, SeeActivity, SignedIn};
use crate::web::page::go_to;
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Query};
use futures_util::stream::try_unfold;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

/// The heads of the columns, and the fields of a JSON line.
const COLUMNS: [&str; 14] = [
    "at",
    "who_kind",
    "who_id",
    "who",
    "action",
    "said",
    "object_kind",
    "object_id",
    "object",
    "before",
    "after",
    "address",
    "client",
    "account",
];

#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

type Asking = Query<Asked>;

/// The account's, as CSV.
pub async fn account_csv(
    member: AccountMember<SeeActivity>,
    app: AppData,
    asked: Asking,
) -> Result<HttpResponse, AppError> {
    send(Whose::account(&member), app, &asked, Format::Csv).await
}

/// The account's, as JSON lines.
pub async fn account_json_lines(
    member: AccountMember<SeeActivity>,
    app: AppData,
    asked: Asking,
) -> Result<HttpResponse, AppError> {
    send(Whose::account(&member), app, &asked, Format::JsonLines).await
}

/// A person's own, as CSV.
pub async fn own_csv(signed_in: SignedIn, app: AppData, asked: Asking) -> Result<HttpResponse, AppError> {
    send(Whose::own(&signed_in), app, &asked, Format::Csv).await
}

/// A person's own, as JSON lines.
pub async fn own_json_lines(
    signed_in: SignedIn,
    app: AppData,
    asked: Asking,
) -> Result<HttpResponse, AppError> {
    send(Whose::own(&signed_in), app, &asked, Format::JsonLines).await
}

/// What is left of the file.
struct State {
    app: AppData,
    wanted: Wanted,
    reader: Reader,
    format: Format,
    next: Next,
}

enum Next {
    /// What was read before anything was answered, so that a database that is away is a 503.
    Send(Piece),
    After(Cursor),
    End,
}

/// Some lines of the file, and where the next ones begin.
struct Piece {
    text: String,
    next: Option<Cursor>,
}

async fn send(whose: Whose, app: AppData, asked: &Asked, format: Format) -> Result<HttpResponse, AppError> {
    let ending = match format {
        Format::Csv => "csv",
        Format::JsonLines => "jsonl",
    };
    if let Some(safe) = asked.without_secret(&format!("{}.{ending}", whose.here())) {
        return Ok(go_to(safe));
    }
    let (filters, faults) = asked.read();
    if faults.any() {
        return Err(AppError::BadRequest("A day is written as year-month-day, the first before the last."));
    }
    let (of, owner, reader) = (whose.of, whose.reader.owner(), whose.reader.clone());
    let nouns = reader.resource_nouns();
    let first = app.db.run(move |conn| {
        let (wanted, _) = filters.wanted(conn, of, owner, nouns)?;
        Ok((Piece::read(conn, &wanted, None, &reader, format)?, wanted))
    });
    let (piece, wanted) = first.await?;
    let whose_file = whose.account.map_or("own".to_owned(), |(account, _)| account.to_string());
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8; header=present",
        Format::JsonLines => "application/jsonl; charset=utf-8",
    };
    let name = format!("activity-{whose_file}-{}.{ending}", iso_day(app.clock.now().date()));
    let state = State { app, wanted, reader: whose.reader, format, next: Next::Send(piece) };
    // An error in the middle ends the connection without the chunk that says "complete": whoever
    // reads it is told so by their client.
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(try_unfold(state, piece_of)))
}

async fn piece_of(mut state: State) -> Result<Option<(Bytes, State)>, AppError> {
    let piece = match std::mem::replace(&mut state.next, Next::End) {
        Next::Send(piece) => piece,
        Next::After(place) => {
            let (wanted, reader, format) = (state.wanted.clone(), state.reader, state.format);
            let now = state.app.clock.now();
            // A slow reader takes as long as they like: each piece is for those who may read it now.
            let read = state.app.db.run(move |conn| match reader.still(conn, now)? {
                Some(reader) => {
                    let piece = Piece::read(conn, &wanted, Some(place), &reader, format)?;
                    Ok(Some((piece, reader)))
                }
                None => Ok(None),
            });
            let read =
                read.await.inspect_err(|error| tracing::warn!(%error, "an export of activity broke off"))?;
            let (piece, reader) = read.ok_or(AppError::NotFound)?;
            state.reader = reader;
            piece
        }
        Next::End => return Ok(None),
    };
    state.next = piece.next.map_or(Next::End, Next::After);
    Ok(Some((Bytes::from(piece.text), state)))
}

impl Piece {
    fn read(
        conn: &mut Conn,
        wanted: &Wanted,
        after: Option<Cursor>,
        reader: &Reader,
        format: Format,
    ) -> Result<Piece, DbError> {
        let lines = wanted.after(conn, after, PER_CHUNK)?;
        let next = lines.last().filter(|_| lines.len() == PER_CHUNK).map(|last| last.place);
        let mut text = String::new();
        if after.is_none() && matches!(format, Format::Csv) {
            csv_row(&mut text, COLUMNS.iter().map(|name| (*name).to_owned()));
        }
        for line in lines {
            let line = reader.may_read(line);
            match format {
                Format::Csv => csv_row(&mut text, cells(&line, reader).into_iter()),
                Format::JsonLines => {
                    text.push_str(&json_line(&line, reader));
                    text.push('\n');
                }
            }
        }
        Ok(Piece { text, next })
    }
}

fn at(line: &Line) -> String {
    line.place.at.format(&Rfc3339).unwrap_or_default()
}

/// What a person reads of it; where it was only seen, the action says so.
fn cells(line: &Line, reader: &Reader) -> [String; 14] {
    let number = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let value =
        |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        at(line),
        line.who.kind.clone(),
        number(line.who.id),
        line.who.name.clone(),
        line.action.key().into_owned(),
        words::sentence(line, &reader.extras, &reader.site_name),
        line.object.kind.clone(),
        number(line.object.id),
        line.object.name.clone(),
        value(&line.before),
        value(&line.after),
        line.address.map(address).unwrap_or_default(),
        line.client.clone(),
        number(line.account.map(AccountId::get)),
    ]
}

/// As in the JSON.
fn address(address: ClientAddress) -> String {
    address.ip().map_or_else(|| "unknown".to_owned(), |ip| ip.to_string())
}

fn json_line(line: &Line, reader: &Reader) -> String {
    json!({
        "at": at(line),
        "source": match line.place.source {
            Source::Changed => "changed",
            Source::Seen => "seen",
        },
        "id": line.place.id,
        "who_kind": line.who.kind,
        "who_id": line.who.id,
        "who": line.who.name,
        "action": line.action.key(),
        "said": words::sentence(line, &reader.extras, &reader.site_name),
        "object_kind": line.object.kind,
        "object_id": line.object.id,
        "object": line.object.name,
        "before": line.before,
        "after": line.after,
        "address": line.address,
        "client": line.client,
        "account": line.account,
    })
    .to_string()
}

/// A row by RFC 4180.
fn csv_row(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&csv_cell(&cell));
    }
    text.push_str("\r\n");
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection").
fn csv_cell(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_none_is_a_formula() {
        for (cell, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
        ] {
            assert_eq!(csv_cell(cell), written);
        }
    }
}
