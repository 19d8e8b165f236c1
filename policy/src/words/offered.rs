//! What the catalogue has offered and no longer does, so that grants of it give less than they say.

use super::{Rights, Sentence};
use crate::{Catalogue, Grant, Permission, Selection};

/// The rights as far as the catalogue still offers them, and what is to be said of the rest.
pub(super) fn still(catalogue: &Catalogue, rights: &Rights) -> (Rights, Vec<Sentence>) {
    let Rights::Grants(grants) = rights else { return (Rights::Everything, Vec::new()) };
    let (mut kept, mut sentences) = (Vec::new(), Vec::new());
    for grant in grants {
        let permission = catalogue.get(&grant.permission);
        match permission.map(|permission| (permission, grant.gives(permission))) {
            Some((_, Some(access))) if access == grant.access => kept.push(grant.clone()),
            Some((permission, Some(access))) => {
                kept.push(Grant { access, ..grant.clone() });
                let (asked, given) = (grant.access.title(), access.title());
                let text = format!(
                    "“{asked}” is no longer offered for {}, so the line about it gives “{given}”.",
                    permission.object
                );
                sentences.push(Sentence::said("info", text));
            }
            Some((permission, None)) => {
                let text = format!(
                    "The line about {} does nothing: {} is no longer offered.",
                    permission.object,
                    missing(catalogue, permission, grant)
                );
                sentences.push(Sentence::said("cannot", text));
            }
            None => {
                let title = catalogue.title_of(grant.permission.as_str());
                let text = format!("“{title}” is no longer offered, so the line about it does nothing.");
                sentences.push(Sentence::said("cannot", text));
            }
        }
    }
    sentences.dedup();
    (Rights::Grants(kept), sentences)
}

/// What a grant needs of its permission that the catalogue no longer has.
pub fn missing(catalogue: &Catalogue, permission: &Permission, grant: &Grant) -> String {
    if permission.left_of(grant.access).is_none() {
        return format!("“{}”", grant.access.title());
    }
    let other = grant.selection.named().iter().find(|one| Some(one.kind) != permission.narrowed_by);
    match (other, &grant.selection) {
        (Some(one), Selection::Only(_)) => format!("narrowing it to {}", catalogue.plural(one.kind)),
        (Some(one), _) => format!("leaving out {}", catalogue.plural(one.kind)),
        (None, _) => "what it was narrowed to".to_owned(),
    }
}
