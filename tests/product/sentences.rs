//! A reader of the plain sentences about a token, for any catalogue. It knows the words of the product and
//! what the catalogue calls things, and no code that writes sentences; one that it doesn't understand
//! fails the test.

use tokenhouse::policy::{
    Access, AccountId, Catalogue, Grant, Kind, Parts, Permission, ResourceRef, Rights, Selection,
};

/// What is left to read of a sentence.
struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn need(&mut self, text: &str) {
        assert!(self.eat(text), "“{text}” was expected at “{}” in: {}", self.rest, self.whole);
    }

    /// A name or a pattern: up to a blank, a comma or the end.
    fn word(&mut self) -> String {
        let end = self.rest.find([' ', ',', ':', '.']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        assert!(!word.is_empty(), "a name was expected at “{}” in: {}", self.rest, self.whole);
        self.rest = rest;
        word.to_owned()
    }

    /// "a", "a and b", "a, b and c".
    fn words(&mut self, last: &str) -> Vec<String> {
        let mut words = vec![self.word()];
        loop {
            // ", and of no other" ends a list.
            let more = !self.rest.starts_with(", and ") && (self.eat(last) || self.eat(", "));
            if !more {
                return words;
            }
            words.push(self.word());
        }
    }
}

/// The rights that these sentences tell, of an account's token without conditions.
pub fn read(catalogue: &Catalogue, account: AccountId, sentences: &[String]) -> Rights {
    let mut grants = Vec::new();
    for whole in sentences {
        let mut reader = Reader { whole, rest: whole };
        if reader.eat("Can do everything") {
            return Rights::Everything;
        }
        if reader.eat("Can ") && !reader.eat("do nothing.") {
            grants.extend(line(catalogue, account, &mut reader));
        }
    }
    Rights::Grants(grants)
}

fn line(catalogue: &Catalogue, account: AccountId, reader: &mut Reader<'_>) -> Option<Grant> {
    let full = reader.eat("read, create, change and delete ") || reader.eat("read, change and delete ");
    if !full {
        reader.need("read ");
    }
    let permission = catalogue.permissions.iter().find(|one| reader.eat(&one.object));
    let permission = permission.unwrap_or_else(|| panic!("of what? {}", reader.whole));
    let access = if full { Access::Full } else { Access::Read };
    let (key, all) = (permission.key.clone(), Selection::Account { account, except: Vec::new() });
    let Some(kind) = catalogue.kind_of(permission) else {
        reader.need(".");
        return Some(Grant { permission: key, access, selection: all, parts: Parts::default() });
    };
    let parts = parts(kind, permission, reader);
    reader.need(" of ");
    let named = |names: Vec<String>| -> Vec<ResourceRef> {
        let one = |name| ResourceRef { account, id: Some(1.into()), kind: kind.key, name };
        names.into_iter().map(one).collect()
    };
    let nothing_else = "nothing else there";
    let selection = if reader.eat(&format!("all {}", kind.plural)) {
        let except = if reader.eat(" except ") { reader.words(" and ") } else { Vec::new() };
        reader.need(": ");
        reader.word();
        reader.need(" now, and those added later");
        let _ = reader.eat(&format!("; and {nothing_else}"));
        Selection::Account { account, except: named(except) }
    } else {
        let only = reader.words(" and ");
        let _ = reader.eat(&format!(", and of no other {}", kind.noun()))
            || reader.eat(&format!(", and {nothing_else}"));
        Selection::Only(named(only))
    };
    reader.need(".");
    assert!(reader.rest.is_empty(), "“{}” was not understood in: {}", reader.rest, reader.whole);
    Some(Grant { permission: key, access, selection, parts })
}

fn parts(kind: &Kind, permission: &Permission, reader: &mut Reader<'_>) -> Parts {
    let mut parts = Parts::default();
    for part in kind.parts.iter().filter(|part| permission.parts.contains(&part.key)) {
        let says = part.says.as_deref().unwrap_or_default();
        if reader.eat(&format!(" {says} ")) {
            parts = parts.with(&part.key, reader.words(" or "));
        }
    }
    parts
}
