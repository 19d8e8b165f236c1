//! Random drafts through the builder's own pages: the summary that a person reads, the token that
//! is made of it, and what calls with it get, also when a role was lowered since.

use super::facts;
use crate::decide::named;
use crate::policies::{Call, On};
use crate::support::{House, MEMBER, ledger, soak};
use crate::words_decide::{Asked, answer};
use crate::words_read::read;
use std::collections::BTreeMap;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::{Token, grants, surroundings};
use tokenhouse::models::{Resource, token};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, Decision, Holder, KindKey, PartsAsked, PermissionKey, Policy, Refusal,
    Request, ResourceId, Rights, Role, Target, decide,
};

const QUESTIONS: u32 = 40;
const NAMES: [&str; 2] = ["a.example", "b.example"];

/// The same numbers at every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

struct World {
    house: House,
    accounts: [(&'static str, AccountId); 2],
    ids: Vec<(AccountId, KindKey, &'static str, ResourceId)>,
    catalogue: Catalogue,
}

impl World {
    fn id(&self, account: AccountId, kind: KindKey, name: &str) -> ResourceId {
        self.ids.iter().find(|one| (one.0, one.1, one.2) == (account, kind, name)).unwrap().3
    }

    /// The fields of a form that somebody could have filled in, sensible or not.
    fn draft(&self, dice: &mut Dice) -> Vec<(String, String)> {
        let nonce = uuid::Uuid::new_v4().to_string();
        let mut fields: Vec<(String, String)> =
            [("nonce", nonce.as_str()), ("name", "Random"), ("reach", "choose"), ("expires", "90")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec();
        for row in 1..=1 + dice.below(3) {
            let key = format!("r{row}");
            let mut put = |end: &str, value: &str| fields.push((format!("{key}.{end}"), value.to_owned()));
            let permission =
                dice.of(&["zones", "zones", "zones", "domains", "certificates", "billing", "contacts"]);
            put("permission", permission);
            put("access", dice.of(&["read", "full", "full"]));
            let wheres = [
                "named",
                "named",
                "named",
                "all",
                "except",
                "everywhere",
                "everywhere",
                "everywhere",
                "everywhere_except",
            ];
            put("where", dice.of(&wheres));
            let chosen = dice.of(&self.accounts).1;
            put("account", &chosen.to_string());
            let kind = if permission == "zones" { ZONE } else { DOMAIN };
            for (_, account) in self.accounts {
                for name in NAMES {
                    if dice.once_in(3) && (account == chosen || dice.once_in(2)) {
                        put("id", &self.id(account, kind, name).to_string());
                    }
                }
            }
            if permission == "zones" && !dice.once_in(4) {
                put("part.name", dice.of(&["_acme-challenge*", "home", "@", ""]));
                put("part.type", dice.of(&["TXT", "A, AAAA", ""]));
            }
            fields.push(("row".to_owned(), key));
        }
        fields
    }

    /// A call, most often with a permission that the token has.
    fn call(&self, dice: &mut Dice, policy: &Policy) -> Call {
        let Rights::Grants(grants) = &policy.rights else { panic!("a draft of rows") };
        let any = dice.of(&["zones", "domains", "certificates", "billing", "contacts"]);
        let own = grants[dice.below(grants.len())].permission.as_str();
        let key = if dice.once_in(12) { any } else { own };
        let permission = self.catalogue.find(key).unwrap();
        let name = dice.of(&NAMES);
        let record = dice.of(&[("_acme-challenge.www", "TXT"), ("home", "A"), ("", "TXT"), ("www", "CNAME")]);
        let on = match (permission.narrowed_by, key) {
            (None, _) => On::Collection,
            (_, "zones") => match dice.below(4) {
                0 => On::Resource(name),
                1 => On::Whole(name),
                2 => On::Existing(name, record.0, record.1),
                _ => On::Made(name, record.0, record.1),
            },
            _ => On::Resource(name),
        };
        let access = match on {
            On::Made(..) => Access::Full,
            _ => dice.of(&permission.access),
        };
        // More often where the role is low.
        let account = self.accounts[usize::from(dice.once_in(3))].1;
        Call { account, permission: permission.key.clone(), access, on }
    }

    fn decided(&self, policy: &Policy, holder: &Holder, call: &Call) -> Decision {
        let kind = self.catalogue.get(&call.permission).unwrap().narrowed_by;
        let resource = |name| {
            let kind = kind.unwrap();
            Target::Resource { id: self.id(call.account, kind, name), kind, name }
        };
        let (target, parts) = match call.on {
            On::Collection | On::New => (Target::Collection, PartsAsked::Aside),
            On::Resource(name) => (resource(name), PartsAsked::Aside),
            On::Whole(name) => (resource(name), PartsAsked::Whole),
            On::Existing(zone, name, kind) => (resource(zone), PartsAsked::Existing(named(name, kind))),
            On::Made(zone, name, kind) => (resource(zone), PartsAsked::New(named(name, kind))),
        };
        let Call { account, permission, access, .. } = call;
        let request = Request { account: *account, permission, access: *access, target, parts };
        decide(&self.catalogue, policy, holder, &request)
    }

    fn give(&self, roles: &[(AccountId, Role)]) {
        for ((name, _), (_, role)) in self.accounts.iter().zip(roles) {
            self.house.join(name, MEMBER, *role);
        }
    }

    async fn reads(&self, secret: &str, account: AccountId, name: &str) -> bool {
        let url = self.house.url(&format!("/v2/{account}/zones/{name}"));
        let answer = reqwest::Client::new().get(url).bearer_auth(secret).send().await.unwrap();
        assert!([200, 403, 404].contains(&answer.status().as_u16()), "{}", answer.status());
        answer.status() == 200
    }
}

fn kind(decision: &Decision, raised: &Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Refuse(_) if *raised == Decision::Allow => "role",
        Decision::Refuse(Refusal::AccountNotFound) => "account",
        Decision::Refuse(Refusal::Permission(_)) => "permission",
        Decision::Refuse(Refusal::ResourceNotFound) => "resource",
        Decision::Refuse(Refusal::PartNotFound | Refusal::Narrowed(_)) => "records",
        Decision::Refuse(Refusal::Write(_)) => "write",
    }
}

#[actix_web::test]
async fn random_drafts_become_tokens_that_do_what_their_summary_said_and_no_more_than_their_maker() {
    let house = House::open();
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let accounts = ["Acme", "Hobby"].map(|name| (name, house.account(name)));
    let names = NAMES.map(str::to_owned);
    for (_, account) in accounts {
        Resource::add_domains(&mut house.conn(), account, &names, &house.command_line()).unwrap();
    }
    let find = |account: AccountId, kind, name: &'static str| {
        let found = Resource::find(&mut house.conn(), account, kind, name).unwrap().unwrap();
        (account, kind, name, found.id)
    };
    let ids = accounts
        .iter()
        .flat_map(|(_, account)| [DOMAIN, ZONE].map(|kind| NAMES.map(|name| find(*account, kind, name))))
        .flatten()
        .collect();
    let world = World { house, accounts, ids, catalogue };
    let (house, dice) = (&world.house, &mut Dice(20_261_122));
    let member = house.user(MEMBER).id;
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut made, mut refused) = (0, 0);
    world.give(&[(accounts[0].1, Role::ReadWrite), (accounts[1].1, Role::ReadWrite)]);
    let mut browser = house.signed_in(MEMBER).await;
    let drafts = soak::size(50, 1_000);
    while made < drafts {
        let some = [Role::ReadOnly, Role::ReadOnly, Role::ReadOnly, Role::ReadWrite, Role::Admin];
        let roles = [(accounts[0].1, dice.of(&some)), (accounts[1].1, dice.of(&some[3..]))];
        world.give(&roles);
        let fields = world.draft(dice);
        let post = |what: &'static str| {
            let mut all: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            all.push(("do", what));
            all
        };
        let summary = browser.post("/user/tokens/build", &post("summary")).await;
        let before = facts::count(house, "tokens");
        if summary.status != 200 {
            assert_eq!(summary.status, 422, "{}", summary.text());
            assert_eq!(browser.post("/user/tokens/build", &post("generate")).await.status, 422);
            assert_eq!(facts::count(house, "tokens"), before);
            refused += 1;
            assert!(refused < 40 * drafts, "hardly any draft makes sense");
            continue;
        }
        made += 1;
        let answered = browser.post("/user/tokens/build", &post("generate")).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
        let secret = answered.secret();
        ledger::put_down(&secret);
        let id = facts::number(house, "SELECT max(id) FROM tokens");
        let (policy, around) = {
            let mut conn = house.conn();
            let token = Token::itself(&mut conn, id.into()).unwrap().unwrap();
            let policy = token.policy(grants::of_token(&mut conn, &token).unwrap());
            (policy, surroundings(&mut conn, token::Owner::User(member)).unwrap())
        };
        let told = read(&world.catalogue, &around, &summary.all(".sentences li"));
        let holder = Holder::User(roles.to_vec());
        let owner = Holder::User(roles.iter().map(|(account, _)| (*account, Role::Owner)).collect());
        let lowered = [(roles[0].0, Role::ReadOnly), roles[1]];
        let less = Holder::User(lowered.to_vec());
        for _ in 0..QUESTIONS {
            let call = world.call(dice, &policy);
            let permission = world.catalogue.get(&call.permission).unwrap();
            let decision = world.decided(&policy, &holder, &call);
            let allowed = decision == Decision::Allow;
            let understood = answer(&told, None, &Asked { about: &permission.object, call: &call });
            assert_eq!(understood, allowed, "{call:?}\n{}\n{fields:?}", summary.text());
            let role = roles.iter().find(|(account, _)| *account == call.account).unwrap().1;
            assert!(!allowed || permission.may_be_held(call.access, role), "{call:?} as {role:?}");
            let later = world.decided(&policy, &less, &call) == Decision::Allow;
            assert!(allowed || !later, "a lower role allows more: {call:?}");
            *kinds.entry(kind(&decision, &world.decided(&policy, &owner, &call))).or_default() += 1;
        }
        let (account, name) = (roles[0].0, dice.of(&NAMES));
        let zones = PermissionKey::try_from("zones".to_owned()).unwrap();
        let read = Call { account, permission: zones, access: Access::Read, on: On::Resource(name) };
        let allows = |holder: &Holder| world.decided(&policy, holder, &read) == Decision::Allow;
        assert_eq!(world.reads(&secret, account, name).await, allows(&holder), "{fields:?}");
        world.give(&lowered);
        assert_eq!(world.reads(&secret, account, name).await, allows(&less), "{fields:?}");
    }
    let all: u32 = kinds.values().sum();
    println!("{made} drafts made, {refused} refused; {all} questions: {kinds:?}");
    soak::row("drafts through the form to a token", made);
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    for (kind, count) in &kinds {
        assert!(*count >= all / 20, "{kind} came {count} times in {all}: too seldom to say anything");
    }
}
