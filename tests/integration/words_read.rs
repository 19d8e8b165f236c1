//! A reader of the plain sentences about a policy. It knows the words of the product and no code
//! that writes them; a sentence that it does not understand fails the test.

use ipnet::IpNet;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::macros::format_description;
use tokenhouse::policy::words::Surroundings;
use tokenhouse::policy::{AccountId, Catalogue};

/// What somebody understood.
#[derive(Debug, Default)]
pub struct Told {
    pub everything: bool,
    pub lines: Vec<Line>,
    /// Things that cannot be touched at all.
    pub untouched: Vec<String>,
    /// Accounts that "all your accounts" are now.
    pub all_accounts: Option<Vec<AccountId>>,
    /// That the role decides, too.
    pub by_role: bool,
    /// Accounts where the role allows less: what is only read there, and what not at all.
    pub less: Vec<(AccountId, Vec<String>, Less)>,
    pub not_member: Vec<AccountId>,
    /// How many lines about what add up.
    pub sums: Vec<(usize, String)>,
    pub brought_back: Vec<(String, Option<AccountId>)>,
    pub zones_themselves: bool,
    pub stars: bool,
    pub allowed: Option<Vec<IpNet>>,
    pub refused: Vec<IpNet>,
    pub starts: Option<OffsetDateTime>,
    pub ends: Option<OffsetDateTime>,
}

#[derive(Debug)]
pub enum Less {
    All,
    These(Vec<String>),
}

/// Names and types of records.
type Records = (Vec<String>, Vec<String>);

#[derive(Debug)]
pub struct Line {
    pub about: String,
    pub full: bool,
    pub creates: bool,
    pub place: Place,
    /// None: all records.
    pub records: Option<Records>,
    /// Whether it says that there is nothing else.
    pub nothing_else: bool,
    /// How many it says there are now.
    pub now: Option<i64>,
}

/// A resource as it was named: account, name, and whether it is said to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub account: Option<AccountId>,
    pub name: String,
    pub deleted: bool,
}

#[derive(Debug)]
pub enum Place {
    Nothing,
    Only(Vec<Named>),
    /// Of one account, or where none is said of the token's own.
    All(Option<AccountId>, Vec<Named>),
    Everywhere(Vec<Named>),
}

/// What is left to read of a sentence.
struct Reader<'a> {
    rest: &'a str,
    around: &'a Surroundings,
    objects: &'a [String],
}

/// Reads all of them, in any order.
pub fn read(catalogue: &Catalogue, around: &Surroundings, sentences: &[String]) -> Told {
    let mut objects: Vec<String> = catalogue.permissions.iter().map(|one| one.object.clone()).collect();
    objects.sort_by_key(|object| std::cmp::Reverse(object.len()));
    let mut told = Told::default();
    for text in sentences {
        let rest = text.strip_suffix('.').unwrap_or_else(|| panic!("no full stop: {text}"));
        let mut reader = Reader { rest, around, objects: &objects };
        reader.sentence(&mut told);
        assert!(reader.rest.is_empty(), "“{}” was not understood in: {text}", reader.rest);
    }
    told
}

impl Reader<'_> {
    fn sentence(&mut self, told: &mut Told) {
        if self.eat("Can do nothing") || self.eat("Lists will show only what it reaches") {
        } else if self.eat("Can do everything") {
            told.everything = true;
            self.everything();
        } else if self.eat("Can list and read these zones themselves, but not read a zone file, nor activate a zone")
            || self.eat("Can list and read all of these zones themselves; but a zone file can be read only by a line that is not limited to some records, and a zone activated only by such a line that changes records")
        {
            told.zones_themselves = true;
        } else if self.eat("Can ") {
            let line = self.line();
            told.lines.push(line);
        } else if self.eat("The line about ") || self.eat("A line about ") {
            let about = self.object();
            self.need(" reaches nothing any more: ");
            self.rest = "";
            told.lines.push(Line {
                about,
                full: false,
                creates: false,
                place: Place::Nothing,
                records: None,
                nothing_else: false,
                now: None,
            });
        } else if self.eat("Cannot touch ") {
            while !self.eat("tokens or members") {
                told.untouched.push(self.object());
                self.need(", ");
            }
        } else if self.eat("Cannot see, create or change tokens, nor members") {
        } else if self.eat("These ") {
            let count = self.number();
            self.need(" lines about ");
            told.sums.push((usize::try_from(count).unwrap(), self.object()));
            self.need(" add up: what one of them allows is allowed, and nothing else of it is");
        } else if self.eat("Reaches all your accounts: ") {
            let mut accounts = Vec::new();
            if !self.eat("none") {
                accounts.push(self.account());
                while !self.rest.starts_with(" now") {
                    assert!(self.eat(" and ") || self.eat(", "), "{}", self.rest);
                    accounts.push(self.account());
                }
            }
            self.need(" now, and those that you join later");
            told.all_accounts = Some(accounts);
        } else if self.eat("In each account it does no more than your role there allows at that moment, and nothing once you are no member there") {
            told.by_role = true;
        } else if self.eat("In a name, a * at the end stands for any ending, also for none") {
            told.stars = true;
        } else if self.eat("In ") {
            self.role(told);
        } else if self.eat("You are no member of ") {
            told.not_member.push(self.account());
            self.need(", so for now it can do nothing there");
        } else if self.eat("This is wide: a mistake with it can change or delete what belongs to any of these ") {
            self.rest = "";
        } else if self.conditions(told) {
        } else {
            let name = self.word();
            let account = self.eat(" in ").then(|| self.account());
            self.need(" is left out of one line, but another line reaches it");
            told.brought_back.push((name, account));
        }
    }

    fn everything(&mut self) {
        if self.eat(" that you may do, in all your accounts") {
            self.need(", also with what is added later; private keys of certificates, billing and your own details are included");
        } else {
            self.need(" in ");
            let name = self.around.accounts[0].name.clone();
            self.need(&name);
            self.need(
                ", also with what is added later; private keys of certificates and billing are included",
            );
        }
    }

    fn line(&mut self) -> Line {
        let creates = self.eat("read, create, change and delete ");
        let full = creates || self.eat("read, change and delete ");
        assert!(full || self.eat("read "), "{}", self.rest);
        let (records, about, itself) = self.about();
        let known = |about: &str| {
            about == "DNS records" || about.contains("certificates") || about == "registrar settings"
        };
        let mut line =
            Line { about, full, creates, place: Place::Nothing, records, nothing_else: false, now: None };
        if !itself && !known(&line.about) {
            line.place = if self.eat(" in all your accounts") {
                Place::Everywhere(Vec::new())
            } else {
                Place::All(self.eat(" in ").then(|| self.account()), Vec::new())
            };
            return line;
        }
        let kind = if line.about == "DNS records" { "zone" } else { "domain" };
        let of = if itself { "" } else { "of " };
        if !itself {
            self.need(" of ");
        }
        if self.eat(&format!("all {kind}s")) {
            self.all(&mut line);
        } else {
            self.only(&mut line, of, kind);
        }
        line
    }

    /// The records, if not all; the permission; and whether its resources follow at once.
    fn about(&mut self) -> (Option<Records>, String, bool) {
        let objects = self.objects;
        if let Some(object) = objects.iter().find(|object| self.eat(object)) {
            return (None, object.clone(), false);
        }
        let types = ["AAAA", "TXT", "A"];
        let typed = |rest: &str| {
            types
                .iter()
                .any(|one| rest.starts_with(&format!("{one} ")) || rest.starts_with(&format!("{one}, ")))
        };
        if !typed(self.rest) && !self.rest.starts_with("records ") {
            return (None, "domains".to_owned(), true);
        }
        let mut found = Vec::new();
        while !self.eat("records") {
            found.push(self.word());
            assert!(self.eat(" and ") || self.eat(", ") || self.eat(" "), "{}", self.rest);
        }
        let mut names = Vec::new();
        if self.eat(" named ") {
            loop {
                let name = self.word();
                names.push(if name == "@" { String::new() } else { name });
                assert!(
                    names.last().is_some_and(|name| !name.is_empty()) || self.eat(" (the zone's own name)")
                );
                if !self.eat(" or ") && !self.eat(", ") {
                    break;
                }
            }
        }
        (Some((names, found)), "DNS records".to_owned(), false)
    }

    fn all(&mut self, line: &mut Line) {
        let everywhere = self.eat(" in all your accounts");
        let account = (!everywhere && self.eat(" in ")).then(|| self.account());
        let mut except = Vec::new();
        if self.eat(" except ") {
            loop {
                self.names(&mut except, account, everywhere, " (deleted since, and still left out)");
                if !everywhere || !self.eat(", ") {
                    break;
                }
            }
        }
        self.need(": ");
        line.now = Some(if self.eat("none") { 0 } else { self.number() });
        self.need(" now, and those added later");
        line.nothing_else = line.records.is_some() && self.eat("; and no other record");
        line.place = if everywhere { Place::Everywhere(except) } else { Place::All(account, except) };
    }

    fn only(&mut self, line: &mut Line, of: &str, kind: &str) {
        let mut only = Vec::new();
        loop {
            self.names(&mut only, None, self.around.of_user, " (deleted since)");
            let end = if line.records.is_some() {
                ", and no other record".to_owned()
            } else {
                format!(", and {of}no other {kind}")
            };
            line.nothing_else = self.eat(&end);
            if line.nothing_else || !self.eat(&format!(", {of}")) {
                break;
            }
        }
        line.place = Place::Only(only);
    }

    /// "a, b and c", and " in Acme" where that is to follow.
    fn names(&mut self, into: &mut Vec<Named>, account: Option<AccountId>, in_account: bool, gone: &str) {
        let first = into.len();
        loop {
            let name = self.word();
            let deleted = self.eat(gone);
            into.push(Named { account, name, deleted });
            if self.rest.starts_with(", and ") || !(self.eat(" and ") || self.eat(", ")) {
                break;
            }
        }
        if in_account {
            self.need(" in ");
            let account = self.account();
            into[first..].iter_mut().for_each(|one| one.account = Some(account));
        }
    }

    fn role(&mut self, told: &mut Told) {
        let account = self.account();
        self.need(" you are ");
        let role = self.word();
        assert!(["read_only", "read_write", "admin", "owner"].contains(&role.as_str()), "{role}");
        self.need(", so for now it ");
        let (mut reads, mut less) = (Vec::new(), Less::These(Vec::new()));
        if self.eat("can do nothing there") {
            less = Less::All;
        } else if self.eat("cannot touch ") {
            less = Less::These(self.objects_listed());
            self.need(" there");
        } else {
            self.need("only reads ");
            reads = self.objects_listed();
            self.need(" there");
            if self.eat(", and cannot touch ") {
                less = Less::These(self.objects_listed());
            }
        }
        told.less.push((account, reads, less));
    }

    fn conditions(&mut self, told: &mut Told) -> bool {
        if self.eat("Works from any address") {
            if self.eat(" but ") {
                told.refused = self.networks();
            }
        } else if self.eat("Works only from ") {
            told.allowed = Some(self.networks());
            if self.eat(", but never from ") {
                told.refused = self.networks();
            }
        } else if self.eat("Works until somebody deletes it: it never expires") {
        } else if self.eat("Works until ") {
            told.ends = Some(self.moment());
        } else if self.eat("Works through ") {
            told.ends = Some(self.moment() + time::Duration::days(1));
        } else if self.eat("Does not work before ") {
            told.starts = Some(self.moment());
        } else {
            return false;
        }
        true
    }

    fn networks(&mut self) -> Vec<IpNet> {
        let mut networks = Vec::new();
        loop {
            let word = self.word();
            let address = |word: &str| word.parse::<IpAddr>().map(IpNet::from);
            networks.push(word.parse().or_else(|_| address(&word)).unwrap());
            if self.rest.starts_with(", but") || !(self.eat(" and ") || self.eat(", ")) {
                return networks;
            }
        }
    }

    fn moment(&mut self) -> OffsetDateTime {
        let text = self.rest.strip_suffix(" (UTC)").unwrap();
        self.rest = "";
        let text = if text.contains(':') { text.to_owned() } else { format!("{text}, 00:00:00") };
        let form =
            format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second]");
        time::PrimitiveDateTime::parse(&text, &form).unwrap().assume_utc()
    }

    fn objects_listed(&mut self) -> Vec<String> {
        let mut found = vec![self.object()];
        while !self.rest.starts_with(", and cannot") && (self.eat(", ") || self.eat(" and ")) {
            found.push(self.object());
        }
        found
    }

    fn object(&mut self) -> String {
        let objects = self.objects;
        let found = objects.iter().find(|object| self.eat(object));
        found.unwrap_or_else(|| panic!("nothing that can be touched: {}", self.rest)).clone()
    }

    /// The account that is called so, and no other could be meant.
    fn account(&mut self) -> AccountId {
        let mut called: Vec<(String, AccountId)> =
            super::policies::ACCOUNTS.map(|id| (format!("account {id}"), id.into())).to_vec();
        for one in &self.around.accounts {
            called.push((format!("{} ({})", one.name, one.id), one.id));
            called.push((format!("“{}” ({})", one.name, one.id), one.id));
            // A name that reads like a number always stands in quotes.
            if !one.name.starts_with("account ") {
                called.push((one.name.clone(), one.id));
            }
        }
        called.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let (name, id) =
            called.iter().find(|(name, _)| self.rest.starts_with(name.as_str())).unwrap().clone();
        let meant: Vec<AccountId> =
            called.iter().filter(|(other, _)| *other == name).map(|(_, id)| *id).collect();
        assert!(meant.iter().all(|other| *other == id), "“{name}” could be one of {meant:?}");
        self.need(&name);
        id
    }

    fn number(&mut self) -> i64 {
        let end = self.rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        number.parse().unwrap()
    }

    fn word(&mut self) -> String {
        // An IPv6 address holds colons, the names of this world do not.
        let ends = |sign: char| sign == ' ' || sign == ',' || sign == ';';
        let mut end = self.rest.find(ends).unwrap_or(self.rest.len());
        if self.rest[..end].ends_with(':') {
            end -= 1;
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        assert!(!word.is_empty(), "a word was expected: {rest}");
        word.to_owned()
    }

    fn eat(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    fn need(&mut self, text: &str) {
        assert!(self.eat(text), "“{text}” was expected: {}", self.rest);
    }
}
