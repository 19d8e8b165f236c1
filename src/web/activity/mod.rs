//! Activity: the record and what was seen beside it, of an account and of a person; a page at a
//! time, or all of it as a file.

mod asked;
mod export;
mod reader;
mod words;

pub use export::{account_csv, account_json_lines, own_csv, own_json_lines};

use super::guard::{AccountMember, SeeActivity, SignedIn};
use super::own::client::in_words;
use super::page::{Field, Page, Section, go_to, render};
use super::paths;
use super::told::Moment;
use crate::http::{AppData, AppError};
use crate::models::activity::{self, Kind, Line, LineAction, Of, PER_PAGE, Person, There};
use crate::models::sighting::SightingKind;
use crate::policy::{AccountId, UserId};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use asked::{Asked, MOST_TOKENS};
use reader::{Link, Reader};
use time::OffsetDateTime;
use words::Detail;

#[derive(Template)]
#[template(path = "activity/index.html")]
struct ActivityPage {
    page: Page,
    /// Name of the account; none for a person's own.
    account: Option<String>,
    here: String,
    people: Vec<Choice>,
    kinds: Vec<Choice>,
    token: Field,
    token_note: Option<String>,
    from: Field,
    to: Field,
    is_filtered: bool,
    rows: Vec<Row>,
    csv_url: String,
    json_lines_url: String,
    older: Option<String>,
    newest: Option<String>,
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

struct Row {
    at: Moment,
    who: Link,
    before: String,
    object: Option<Link>,
    after: String,
    /// Where it was, on a person's own page.
    place: Option<Link>,
    address: String,
    /// What it came with; empty where that is not kept.
    client: String,
    details: Vec<Detail>,
    /// All that there is of the token.
    of_token: Option<String>,
}

/// Whose activity a page is about, and who reads it.
struct Whose {
    of: Of,
    reader: Reader,
    here: &'static str,
    account: Option<(AccountId, String)>,
}

impl Whose {
    fn account(member: &AccountMember<SeeActivity>) -> Whose {
        let account = &member.account;
        Whose {
            of: Of::Account(account.id),
            reader: Reader::of_account(&member.signed_in, account.id),
            here: paths::ACTIVITY,
            account: Some((account.id, account.name.clone())),
        }
    }

    fn own(signed_in: &SignedIn) -> Whose {
        Whose {
            of: Of::User(signed_in.user.id),
            reader: Reader::of_user(signed_in),
            here: paths::OWN_ACTIVITY,
            account: None,
        }
    }

    fn here(&self) -> String {
        self.account.as_ref().map_or(self.here.to_owned(), |(account, _)| paths::activity(*account))
    }

    fn kinds(&self) -> Vec<Kind> {
        // What concerns users alone stands in no account.
        let here = |kind: &Kind| self.account.is_none() || !matches!(kind, Kind::Users | Kind::SignIns);
        Kind::ALL.into_iter().filter(here).collect()
    }
}

/// The account's.
pub async fn of_account(
    member: AccountMember<SeeActivity>,
    app: AppData,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let page = member.page("Activity").under(Section::Activity);
    index(Whose::account(&member), page, app, asked.into_inner()).await
}

/// A person's own.
pub async fn own(signed_in: SignedIn, app: AppData, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let page = signed_in.page("Your activity").under(Section::Settings);
    index(Whose::own(&signed_in), page, app, asked.into_inner()).await
}

struct Found {
    lines: Vec<Line>,
    there: There,
    members: Vec<(UserId, String)>,
    /// Whether more tokens match than are asked for.
    too_many_tokens: bool,
}

async fn index(whose: Whose, page: Page, app: AppData, asked: Asked) -> Result<HttpResponse, AppError> {
    let here = whose.here();
    if let Some(safe) = asked.without_secret(&here) {
        return Ok(go_to(safe));
    }
    let (filters, faults) = asked.read();
    let (of, owner, cursor) = (whose.of, whose.reader.owner(), asked.cursor());
    let (nouns, kinds) = (whose.reader.resource_nouns(), whose.reader.kinds.clone());
    let is_wrong = faults.any();
    let found = app.db.run(move |conn| {
        let (wanted, too_many_tokens) = filters.wanted(conn, of, owner, nouns)?;
        let lines = if is_wrong { Vec::new() } else { wanted.after(conn, cursor, PER_PAGE + 1)? };
        let there = activity::there(conn, &lines, &kinds)?;
        let members = match of {
            Of::Account(account) => activity::members(conn, account)?,
            Of::User(_) => Vec::new(),
        };
        Ok((Found { lines, there, members, too_many_tokens }, wanted))
    });
    let (mut found, wanted) = found.await?;
    let more = found.lines.len() > PER_PAGE;
    found.lines.truncate(PER_PAGE);
    let last = found.lines.last().filter(|_| more).map(|line| line.place);
    let now = app.clock.now();
    let people = people(&whose, wanted.person, &found);
    let note = || format!("More than {MOST_TOKENS} tokens match: these lines are about the newest of them.");
    let body = ActivityPage {
        page,
        account: whose.account.as_ref().map(|(_, name)| name.clone()),
        people,
        kinds: whose
            .kinds()
            .into_iter()
            .map(|one| Choice {
                value: one.key().to_owned(),
                label: words::title(one, &app.extras).to_owned(),
                chosen: wanted.kind == Some(one),
            })
            .collect(),
        token: Field::of(asked.token.trim()),
        token_note: found.too_many_tokens.then(note),
        from: Field { value: asked.from.trim().to_owned(), error: faults.from },
        to: Field { value: asked.to.trim().to_owned(), error: faults.to },
        is_filtered: asked.is_filtered(),
        rows: found
            .lines
            .into_iter()
            .map(|line| Row::of(line, &whose.reader, &found.there, &here, now))
            .collect(),
        csv_url: asked.link(&format!("{here}.csv"), None),
        json_lines_url: asked.link(&format!("{here}.jsonl"), None),
        older: last.map(|place| asked.link(&here, Some(place))),
        newest: cursor.map(|_| asked.link(&here, None)),
        here,
    };
    render(&body, if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
}

/// The people to choose from. Somebody else who was asked for is told by the name in the lines.
fn people(whose: &Whose, person: Option<Person>, found: &Found) -> Vec<Choice> {
    let mut people: Vec<(Person, String)> = match whose.of {
        Of::Account(_) => {
            found.members.iter().map(|(id, email)| (Person::User(*id), email.clone())).collect()
        }
        Of::User(me) => vec![(Person::User(me), "you".to_owned())],
    };
    people.push((Person::CommandLine, "the command line".to_owned()));
    if let Some(Person::User(id)) = person
        && people.iter().all(|(known, _)| *known != Person::User(id))
    {
        let named = found.lines.iter().flat_map(|line| [&line.who, &line.object]);
        let mut name = named.filter(|one| one.is_user(id)).map(|one| one.name.clone());
        people.push((Person::User(id), name.next_back().unwrap_or_else(|| format!("user {id}"))));
    }
    let choice = |(one, label)| Choice { value: asked::person_key(one), label, chosen: person == Some(one) };
    people.into_iter().map(choice).collect()
}

impl Row {
    fn of(line: Line, reader: &Reader, there: &There, here: &str, now: OffsetDateTime) -> Row {
        let line = reader.may_read(line);
        let said = words::said(&line, &reader.extras);
        let of_token =
            [&line.object, &line.who].into_iter().find(|one| one.kind == "token").and_then(|one| one.id);
        Row {
            at: Moment::past(line.place.at, now),
            who: reader.who(&line, there, here),
            object: said.shows_object.then(|| reader.object(&line, there)).flatten(),
            before: said.before,
            after: said.after,
            place: reader.place(&line),
            address: line.address.map(|address| address.to_string()).unwrap_or_default(),
            details: words::details(line.before.as_ref(), line.after.as_ref()),
            // A person knows their browsers by name; a program that met a token is told as it called itself.
            client: match line.action {
                LineAction::Seen(SightingKind::SignedIn | SightingKind::SignInRefused) => {
                    in_words(&line.client)
                }
                _ => line.client,
            },
            of_token: of_token.map(|id| format!("{here}?token=%23{id}")),
        }
    }
}
