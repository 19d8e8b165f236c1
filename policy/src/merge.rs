//! Grants that say together what fewer of them say as well. Merging never changes a decision: what
//! could is left apart, and the summary says what the rows add up to.

use super::{Grant, ResourceRef, Selection};

/// The same rights in as few grants as can be said without changing what any call gets: one that
/// another covers goes, and *only these* of the same permission, access and parts become one.
/// What is left keeps its order.
pub fn merged(grants: Vec<Grant>) -> Vec<Grant> {
    let mut kept: Vec<Grant> = Vec::new();
    for grant in grants {
        match kept.iter_mut().find_map(|own| joined(own, &grant)) {
            Some((only, more)) => only.extend(more),
            None => kept.push(grant),
        }
    }
    // From the end, so that of two that say the same the first one stays.
    for place in (0..kept.len()).rev() {
        let (before, rest) = kept.split_at(place);
        if let [one, after @ ..] = rest
            && before.iter().chain(after).any(|other| covers(other, one))
        {
            kept.remove(place);
        }
    }
    kept
}

/// The list that can take what the other grant names, and what it lacks.
fn joined<'a>(own: &'a mut Grant, other: &Grant) -> Option<(&'a mut Vec<ResourceRef>, Vec<ResourceRef>)> {
    let alike = own.permission == other.permission
        && of_one_kind(own, other)
        && own.access == other.access
        && own.parts.covers(&other.parts)
        && other.parts.covers(&own.parts);
    match (&mut own.selection, &other.selection) {
        (Selection::Only(only), Selection::Only(more)) if alike => {
            let more = more.iter().filter(|one| !only.contains(one)).cloned().collect();
            Some((only, more))
        }
        _ => None,
    }
}

/// Whether the one lets do everything that the other does.
fn covers(one: &Grant, other: &Grant) -> bool {
    one.permission == other.permission
        && (one.selection.named().is_empty() || !other.selection.named().is_empty())
        && of_one_kind(one, other)
        && one.access >= other.access
        && one.parts.covers(&other.parts)
        && selects(&one.selection, &other.selection)
}

/// Whether all that both name is of the same kind. What names another kind than the permission is narrowed
/// by gives nothing, so it can neither stand for another grant nor take one in.
fn of_one_kind(one: &Grant, other: &Grant) -> bool {
    let mut kinds = one.selection.named().iter().chain(other.selection.named()).map(|named| named.kind);
    let first = kinds.next();
    kinds.all(|kind| Some(kind) == first)
}

fn selects(one: &Selection, other: &Selection) -> bool {
    let all_in = |list: &[ResourceRef], of: &[ResourceRef]| list.iter().all(|one| of.contains(one));
    match (one, other) {
        (Selection::Only(own), Selection::Only(only)) => all_in(only, own),
        (Selection::Only(_), _) => false,
        // What is gone matches nothing, wherever it was.
        (_, Selection::Only(only)) => only
            .iter()
            .all(|named| named.id.is_none_or(|id| one.reaches(named.account, id, named.kind, &named.name))),
        (Selection::Everywhere { except }, Selection::Everywhere { except: others }) => {
            all_in(except, others)
        }
        (Selection::Everywhere { except }, Selection::Account { account, except: others }) => {
            except.iter().filter(|left_out| left_out.account == *account).all(|one| others.contains(one))
        }
        (Selection::Account { account, except }, Selection::Account { account: other, except: others }) => {
            account == other && all_in(except, others)
        }
        (Selection::Account { .. }, Selection::Everywhere { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, KindKey, Parts, PermissionKey};

    fn zone(id: i64) -> ResourceRef {
        ResourceRef {
            account: 1.into(),
            id: Some(id.into()),
            kind: KindKey::literal("zone"),
            name: format!("z{id}.example"),
        }
    }

    fn grant(access: Access, selection: Selection) -> Grant {
        let permission = PermissionKey::try_from("zones".to_owned()).unwrap();
        Grant { permission, access, selection, parts: Parts::default() }
    }

    fn only(access: Access, ids: &[i64]) -> Grant {
        grant(access, Selection::Only(ids.iter().map(|id| zone(*id)).collect()))
    }

    fn all(access: Access, except: &[i64]) -> Grant {
        grant(
            access,
            Selection::Account { account: 1.into(), except: except.iter().map(|id| zone(*id)).collect() },
        )
    }

    #[test]
    fn rows_that_name_resources_with_the_same_access_become_one() {
        let rows =
            vec![only(Access::Read, &[1, 2]), all(Access::Full, &[1, 2, 3]), only(Access::Read, &[2, 3])];
        assert_eq!(merged(rows), [only(Access::Read, &[1, 2, 3]), all(Access::Full, &[1, 2, 3])]);
    }

    #[test]
    fn of_read_and_full_on_the_same_resources_full_is_left() {
        let rows = vec![only(Access::Read, &[1, 2]), only(Access::Full, &[2, 1])];
        assert_eq!(merged(rows), [only(Access::Full, &[2, 1])]);
        assert_eq!(merged(vec![all(Access::Full, &[1]), all(Access::Read, &[1])]), [all(Access::Full, &[1])]);
        assert_eq!(merged(vec![all(Access::Read, &[]); 3]), [all(Access::Read, &[])]);
    }

    #[test]
    fn what_would_widen_or_narrow_stays_apart() {
        let acme =
            Parts::default().with("name", vec!["_acme*".to_owned()]).with("type", vec!["TXT".to_owned()]);
        for rows in [
            vec![only(Access::Read, &[1]), only(Access::Full, &[2])],
            vec![all(Access::Read, &[1]), all(Access::Read, &[2])],
            vec![all(Access::Read, &[1]), only(Access::Read, &[1])],
            vec![all(Access::Read, &[]), only(Access::Full, &[1])],
            vec![only(Access::Read, &[1]), Grant { parts: acme.clone(), ..only(Access::Full, &[1]) }],
            vec![Grant { parts: acme.clone(), ..only(Access::Read, &[1]) }, only(Access::Read, &[2])],
        ] {
            assert_eq!(merged(rows.clone()), rows);
        }
        let inside = Grant { parts: acme, ..only(Access::Read, &[1]) };
        assert_eq!(merged(vec![inside, only(Access::Full, &[1])]), [only(Access::Full, &[1])]);
    }
}
