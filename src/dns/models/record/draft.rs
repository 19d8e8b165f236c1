//! A record as somebody wants it, and what is wrong with it.

use super::{Record, content, name};
use crate::dns::models::schema::records;
use diesel::prelude::*;

/// What is wrong, in the words of DNSimple where it has some: the field, and what follows its name.
pub type Faults = Vec<(&'static str, String)>;

/// How long answers may be kept, in seconds, where nothing is said.
pub const DEFAULT_TTL: i32 = 3600;
/// Where DNSimple has servers.
pub const REGIONS: [&str; 8] = ["SV1", "ORD", "IAD", "AMS", "TKO", "SYD", "CDG", "FRA"];
/// Everywhere.
pub const GLOBAL: &str = "global";

/// What somebody wants a record to be; none where nothing was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, relative to the zone. A new record without one is at the apex: some clients leave
    /// out what is empty.
    pub name: Option<String>,
    /// Its type.
    pub record_type: Option<String>,
    /// Its content.
    pub content: Option<String>,
    /// How long answers may be kept, in seconds.
    pub ttl: Option<i64>,
    /// The priority of a server; smaller ones come first. A new MX or SRV without one has 0: clients
    /// in Go leave out what is zero.
    pub priority: Option<i64>,
    /// From where it is answered.
    pub regions: Option<Vec<String>>,
}

/// A record that can be kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = records, treat_none_as_null = true)]
pub struct Checked {
    /// Its name, relative to the zone; empty at the apex.
    pub name: String,
    /// Its type, in capitals.
    pub record_type: String,
    /// Its content, in its one spelling.
    pub content: String,
    /// In seconds.
    pub ttl: i32,
    /// For MX and SRV.
    pub priority: Option<i32>,
    /// Never empty.
    pub regions: Vec<String>,
}

impl Wanted {
    /// Name and type as a decision about the call sees them, whether or not they can be kept.
    pub fn key(&self) -> Option<(String, String)> {
        let name = self.name.as_deref().unwrap_or_default();
        let kept = name::of_record(name, "").unwrap_or_else(|_| name.to_lowercase());
        Some((kept, self.record_type.as_deref()?.trim().to_uppercase()))
    }

    /// What is said here, and for the rest what the record says.
    pub fn filled_from(&self, record: &Record) -> Wanted {
        Wanted {
            name: self.name.clone().or_else(|| Some(record.name.clone())),
            record_type: self.record_type.clone().or_else(|| Some(record.record_type.clone())),
            content: self.content.clone().or_else(|| Some(record.content.clone())),
            ttl: self.ttl.or(Some(i64::from(record.ttl))),
            priority: self.priority.or(record.priority.map(i64::from)),
            regions: self.regions.clone().or_else(|| Some(record.regions.clone())),
        }
    }

    /// The record that can be kept in the zone of this name, or all that is wrong with it by itself.
    pub fn checked(&self, zone: &str) -> Result<Checked, Faults> {
        let mut faults = Faults::new();
        let mut noted = |field, result: Result<String, String>| {
            result.map_err(|why| faults.push((field, why))).unwrap_or_default()
        };
        let name = noted("name", name::of_record(self.name.as_deref().unwrap_or_default(), zone));
        let record_type = noted("type", self.record_type.as_deref().map_or_else(blank, known_type));
        let content = match (&self.content, record_type.as_str()) {
            (None, _) => noted("content", blank()),
            // Without a type there is nothing to say about its content.
            (Some(content), "") => content.clone(),
            (Some(written), record_type) => noted("content", content::checked(record_type, written)),
        };
        let ttl = self.ttl.map_or(Ok(DEFAULT_TTL), checked_ttl).map_err(|why| faults.push(("ttl", why)));
        let priority =
            checked_priority(&record_type, self.priority).map_err(|why| faults.push(("priority", why)));
        let regions = checked_regions(self.regions.as_deref()).map_err(|why| faults.push(("regions", why)));
        if name.is_empty() && record_type == "NS" && faults.is_empty() {
            faults.push(("name", "is the apex, whose NS records belong to the zone and stay".to_owned()));
        }
        if name.is_empty() && record_type == "CNAME" && faults.is_empty() {
            faults.push(("name", "is the apex, where a CNAME cannot stand; ALIAS can".to_owned()));
        }
        match (ttl, priority, regions) {
            (Ok(ttl), Ok(priority), Ok(regions)) if faults.is_empty() => {
                Ok(Checked { name, record_type, content, ttl, priority, regions })
            }
            _ => Err(faults),
        }
    }
}

fn blank() -> Result<String, String> {
    Err("can't be blank".to_owned())
}

fn known_type(written: &str) -> Result<String, String> {
    let record_type = written.trim().to_ascii_uppercase();
    match record_type.as_str() {
        "" => blank(),
        "SOA" => Err("is made with the zone, and not by anybody".to_owned()),
        known if content::TYPES.contains(&known) => Ok(record_type),
        _ => Err(format!("is not one of {}", content::TYPES.join(", "))),
    }
}

/// 31 bits (RFC 2181, section 8).
fn checked_ttl(ttl: i64) -> Result<i32, String> {
    i32::try_from(ttl)
        .ok()
        .filter(|ttl| *ttl >= 0)
        .ok_or_else(|| format!("must be from 0 to {} seconds", i32::MAX))
}

fn checked_priority(record_type: &str, priority: Option<i64>) -> Result<Option<i32>, String> {
    match priority {
        // Without a type there is nothing to say about its priority.
        _ if record_type.is_empty() => Ok(None),
        // What means nothing for a type is ignored, as DNSimple does.
        _ if !content::has_priority(record_type) => Ok(None),
        None => Ok(Some(0)),
        Some(priority) => u16::try_from(priority)
            .map(|priority| Some(i32::from(priority)))
            .map_err(|_| format!("must be from 0 to {}", u16::MAX)),
    }
}

fn checked_regions(regions: Option<&[String]>) -> Result<Vec<String>, String> {
    let Some(regions) = regions else { return Ok(vec![GLOBAL.to_owned()]) };
    if regions.iter().any(|region| region == GLOBAL) && regions.len() > 1 {
        return Err(format!("are either “{GLOBAL}” alone or some of {}", REGIONS.join(", ")));
    }
    if regions.iter().any(|region| region != GLOBAL && !REGIONS.contains(&region.as_str())) {
        return Err(format!("are either “{GLOBAL}” or some of {}", REGIONS.join(", ")));
    }
    let twice = |place: usize| regions[..place].contains(&regions[place]);
    match regions {
        [] => Err("can't be blank".to_owned()),
        _ if (0..regions.len()).any(twice) => Err("name a region twice".to_owned()),
        _ => Ok(regions.to_vec()),
    }
}

#[cfg(test)]
mod tests;
