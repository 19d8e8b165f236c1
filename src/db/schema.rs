// @generated from the migrations, in the form of diesel's print-schema; a test compares it with the database.
// Array elements are never null: the migrations CHECK it.

#![allow(missing_docs, reason = "generated: the tables are described in the migrations")]

diesel::table! {
    use diesel::sql_types::*;

    /// What an account demands of the tokens that work in it.
    account_limits (account_id) {
        account_id -> Int8,
        /// How many account tokens may be live, where that is fewer than the plan allows.
        account_tokens -> Nullable<Int8>,
        longest_life_days -> Nullable<Int4>,
        /// Whether a token may have no expiry date.
        never_allowed -> Bool,
        /// Tokens that were created, or whose user joined, from then on are bound to the longest life, and to have an expiry date.
        life_since -> Timestamptz,
        /// From when older tokens are bound too; NULL: never.
        life_older_from -> Nullable<Timestamptz>,
        /// Whether a token that may change something names addresses, in networks of /8 (IPv6: /16) or narrower.
        write_needs_network -> Bool,
        /// The same as life_since, for write_needs_network.
        network_since -> Timestamptz,
        /// The same as life_older_from, for write_needs_network.
        network_older_from -> Nullable<Timestamptz>,
        everything_allowed -> Bool,
        /// The same as life_since, for everything_allowed.
        everything_since -> Timestamptz,
        /// The same as life_older_from, for everything_allowed.
        everything_older_from -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The tenants: each owns resources and account tokens, and has a plan and members.
    accounts (id) {
        id -> Int8,
        name -> Text,
        email -> Text,
        /// Key of a plan in the catalogue.
        plan -> Text,
        state -> Text,
        state_since -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// What the owner of the API calls the account.
        reference -> Nullable<Text>,
        /// From when the account's pages are closed to members without a second factor; NULL: none is demanded.
        factor_from -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The audit log: who changed what, when and from where. No foreign keys, it outlives what it describes.
    audit_events (id) {
        id -> Int8,
        at -> Timestamptz,
        account_id -> Nullable<Int8>,
        /// The user whom it concerns: who was changed, or whose token.
        user_id -> Nullable<Int8>,
        actor_kind -> Text,
        actor_id -> Nullable<Int8>,
        actor_name -> Text,
        action -> Text,
        object_kind -> Text,
        object_id -> Nullable<Int8>,
        object_name -> Text,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
        /// NULL: of users and tokens an unknown address, of others none.
        address -> Nullable<Inet>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Second factors: authenticator apps and passkeys.
    authenticators (id) {
        id -> Int8,
        user_id -> Int8,
        kind -> Text,
        /// The key of an app, encrypted by a key outside of the database with the user's number as associated data.
        sealed -> Nullable<Bytea>,
        /// The step of 30 seconds whose code was used last: only a later one is accepted.
        last_step -> Nullable<Int8>,
        created_at -> Timestamptz,
        /// When it was shown to work; NULL: it does not count yet.
        proved_at -> Nullable<Timestamptz>,
        used_at -> Nullable<Timestamptz>,
        name -> Nullable<Text>,
        /// What the passkey is known by.
        credential -> Nullable<Bytea>,
        /// The passkey as webauthn-rs writes it: public key, counter, flags.
        passkey -> Nullable<Jsonb>,
        /// The host that the passkey was created for; it works for no other.
        rp_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Sign-ins and questions to a passkey that began and are not finished. Taken by whoever finishes them, once.
    begun (digest) {
        /// SHA-256 of the number that the page's form holds: random, or the challenge of a passkey.
        digest -> Bytea,
        /// SHA-256 of what the browser's cookie holds: another browser does not finish it.
        browser -> Bytea,
        kind -> Text,
        user_id -> Nullable<Int8>,
        /// The user's when it began.
        epoch -> Nullable<Int8>,
        next -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        /// What a passkey was asked, as webauthn-rs writes it, without the challenge.
        state -> Nullable<Jsonb>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Calls in each hour by payer, as far as the nodes have shared their counts. Hours that are over are swept.
    budgets (payer, window_start) {
        /// account or user and its number; unnamed or unknown and the network of the caller.
        payer -> Text,
        window_start -> Timestamptz,
        calls -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Catalogues that nodes have run with: what one of them no longer offers is shown by the title that it had last.
    catalogues (digest) {
        /// SHA-256 of the text.
        digest -> Bytea,
        text -> Text,
        /// When a node last started with it in place of another one.
        since -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Links that make someone a member, once. The one that is copied and the one that is mailed are two: only the latter proves an address.
    invitations (id) {
        id -> Int8,
        account_id -> Int8,
        email -> Text,
        role -> Text,
        copied_digest -> Bytea,
        mailed_digest -> Nullable<Bytea>,
        mailed_at -> Nullable<Timestamptz>,
        invited_by -> Nullable<Int8>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        accepted_at -> Nullable<Timestamptz>,
        accepted_by -> Nullable<Int8>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Digests of secrets that someone found, until a node has processed them.
    leak_reports (id) {
        id -> Int8,
        digest -> Bytea,
        /// The call that they came with: its owners get one mail each.
        report -> Uuid,
        reported_at -> Timestamptz,
        /// NULL: an unknown address.
        address -> Nullable<Inet>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Tokens that may work. On a full disk deleting the row ends the token; the token's own row says the same later.
    live_tokens (token_id) {
        token_id -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Mail to be sent: what it is about, never the text nor a link. Written with the change that it reports.
    mails (id) {
        id -> Int8,
        /// What it is about: the same mail is never queued twice, whichever node tries.
        key -> Text,
        recipient -> Text,
        letter -> Jsonb,
        created_at -> Timestamptz,
        /// When it may be sent, or tried again: the node that takes it postpones this.
        due_at -> Timestamptz,
        tries -> Int4,
        sent_at -> Nullable<Timestamptz>,
        given_up_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A user in an account, with a role.
    memberships (account_id, user_id) {
        account_id -> Int8,
        user_id -> Int8,
        role -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Codes that stand in for a factor, by their SHA-256. Used ones are deleted.
    recovery_codes (digest) {
        digest -> Bytea,
        user_id -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What grants can be narrowed to.
    resources (id) {
        id -> Int8,
        account_id -> Int8,
        /// Key of a kind in the catalogue, which also says what a name may be.
        kind -> Text,
        name -> Text,
        created_at -> Timestamptz,
        /// The name, for a kind whose names are given once on the whole site.
        site_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Signed-in browsers. Keyed by the SHA-256 of the session key, which only the cookie holds.
    sessions (digest) {
        /// What the list of sessions names it by.
        id -> Int8,
        digest -> Bytea,
        user_id -> Int8,
        state -> Jsonb,
        /// NULL: an unknown address.
        address -> Nullable<Inet>,
        client -> Text,
        created_at -> Timestamptz,
        /// When the user last proved who they are in this session, by the password or a factor.
        password_at -> Timestamptz,
        idle_until -> Timestamptz,
        ends_at -> Timestamptz,
        /// When the user last did so by everything they have; NULL: not since they got their first factor.
        proved_fully_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What was not changed but seen: sign-ins good and bad, first uses of tokens, and uses from a network that is new for them. No foreign keys.
    sightings (id) {
        id -> Int8,
        at -> Timestamptz,
        kind -> Text,
        account_id -> Nullable<Int8>,
        user_id -> Nullable<Int8>,
        token_id -> Nullable<Int8>,
        /// The token's name or the user's email address, as it was then.
        name -> Text,
        /// NULL: an unknown address.
        address -> Nullable<Inet>,
        client -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Signs the session cookie and the cookie of the sign-in form; created at first start, the newest one is used.
    signing_keys (id) {
        id -> Int8,
        key -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Attempts counted per digest of what is throttled.
    throttles (bucket) {
        bucket -> Bytea,
        window_start -> Timestamptz,
        count -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// User tokens that an account's admins have blocked there.
    token_blocks (token_id, account_id) {
        token_id -> Int8,
        account_id -> Int8,
        blocked_at -> Timestamptz,
        blocked_by -> Nullable<Int8>,
        why -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Resources that a grant includes or excludes by name.
    token_grant_resources (grant_id, account_id, kind, name) {
        grant_id -> Int8,
        effect -> Text,
        account_id -> Int8,
        /// NULL once the resource was deleted: such an include never matches anything again, such an exclude still matches by account, kind and name.
        resource_id -> Nullable<Int8>,
        kind -> Text,
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Permission, access and selection of a token.
    token_grants (id) {
        id -> Int8,
        token_id -> Int8,
        permission -> Text,
        access -> Text,
        /// everything: all that the token reaches, in every account; account: all of one account; named: the included resources only.
        reach -> Text,
        account_id -> Nullable<Int8>,
        /// What it's narrowed to inside its resources: key of the part and patterns; none narrow nothing.
        parts -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Networks that a token was used from: /24 of IPv4, /48 of IPv6.
    token_networks (id) {
        id -> Int8,
        token_id -> Int8,
        /// NULL: an unknown address.
        network -> Nullable<Cidr>,
        first_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Refused calls of each token, at most 50 kinds of them. Nothing in it was chosen by the caller.
    token_refusals (token_id, permission, access, reason) {
        token_id -> Int8,
        /// Key of the permission that guards the route; empty where the route needs none.
        permission -> Text,
        /// The access that the route needs; empty where it needs no permission.
        access -> Text,
        /// Why, as a word of the code.
        reason -> Text,
        first_at -> Timestamptz,
        last_at -> Timestamptz,
        calls -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a secret leaves behind: its SHA-256 digest and a hint. Rows are kept, so that a caller with an ended secret can be told.
    token_secrets (id) {
        id -> Int8,
        token_id -> Int8,
        digest -> Bytea,
        /// Prefix and last four characters.
        hint -> Text,
        /// Of the form that created it: a repeated POST finds the token instead of creating another.
        form_nonce -> Uuid,
        /// Whether a roll created it, and not the form that created the token.
        rolled -> Bool,
        created_at -> Timestamptz,
        /// The first call that a rolled secret was accepted for, except for those that only ask what it is. Written before that call is answered.
        first_used_at -> Nullable<Timestamptz>,
        /// When it ends by itself, once there is a newer one.
        ends_at -> Nullable<Timestamptz>,
        /// Whether the first use of the newer one ends it.
        ends_when_successor_used -> Bool,
        /// Since when it no longer works, whatever the clocks of other nodes say; NULL where it ends by itself.
        ended_at -> Nullable<Timestamptz>,
        ended_why -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// When a secret was last accepted, apart from the tokens so that a busy one churns none of their indexes.
    token_use (secret_id, account_id) {
        secret_id -> Int8,
        /// The account of the call; 0 where the call names none.
        account_id -> Int8,
        last_used_at -> Timestamptz,
        /// NULL: an unknown address.
        address -> Nullable<Inet>,
        client -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Access tokens and their conditions. The policy of a token never changes.
    tokens (id) {
        id -> Int8,
        kind -> Text,
        account_id -> Nullable<Int8>,
        user_id -> Nullable<Int8>,
        name -> Text,
        /// Words of the name in lower case, each behind its owner: a1010/deploy, u7/deploy.
        search_words -> Array<Text>,
        /// Everything: a value of its own, which excludes grants; never an absence of them.
        full_access -> Bool,
        /// NULL: the command line.
        created_by -> Nullable<Int8>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        not_before -> Nullable<Timestamptz>,
        /// The first instant at which the token no longer works.
        expires_at -> Nullable<Timestamptz>,
        allowed_networks -> Array<Cidr>,
        refused_networks -> Array<Cidr>,
        disabled_at -> Nullable<Timestamptz>,
        disabled_by -> Nullable<Int8>,
        disabled_why -> Nullable<Text>,
        deleted_at -> Nullable<Timestamptz>,
        deleted_by -> Nullable<Int8>,
        /// Why it was deleted. unverified_address: its user got a new password before the address was ever verified.
        deleted_why -> Nullable<Text>,
        /// The line of the audit log that ended this token together with others; the audit log has no foreign keys.
        deleted_event -> Nullable<Int8>,
        /// What the site admin who ended it wrote for its owner.
        deleted_note -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Links by which a person sets a new password, verifies an address or removes lost factors. The newest of a purpose is the only one; used ones are deleted.
    user_links (id) {
        id -> Int8,
        user_id -> Int8,
        purpose -> Text,
        /// The address that it verifies, or that it was requested for.
        email -> Text,
        /// SHA-256 of what the link holds; NULL until it is sent, so that what works is never stored.
        digest -> Nullable<Bytea>,
        /// Who created or asked for it in the person's place; NULL: the person.
        made_by -> Nullable<Int8>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        /// Why, in the words of who created it.
        note -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// People who sign in. Deactivated, never deleted.
    users (id) {
        id -> Int8,
        email -> Text,
        name -> Text,
        /// An argon2id PHC string; NULL signs nobody in.
        password_hash -> Nullable<Text>,
        /// Since when the user runs the site; set by the command line only.
        site_admin_since -> Nullable<Timestamptz>,
        /// When the email address was verified: by a link that was mailed there, or by the command line. NULL: the user gains nothing by the address.
        email_verified_at -> Nullable<Timestamptz>,
        /// Since when the user wants no mail, except about what others did to their tokens.
        notices_off_at -> Nullable<Timestamptz>,
        deactivated_at -> Nullable<Timestamptz>,
        /// When someone else last had a new password set for the user, whose address was never verified until then. What the user sent before may be a stranger's.
        reclaimed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// What the owner of the API calls the user.
        reference -> Nullable<Text>,
        /// Grows whenever all of the user's sessions end; a sign-in that began before that is not finished.
        epoch -> Int8,
        /// Since when the user has a second factor without a gap; NULL: has none.
        factor_since -> Nullable<Timestamptz>,
        /// What passkeys call the user: random, so that they tell nothing.
        passkey_handle -> Nullable<Uuid>,
    }
}

diesel::joinable!(account_limits -> accounts (account_id));
diesel::joinable!(authenticators -> users (user_id));
diesel::joinable!(begun -> users (user_id));
diesel::joinable!(invitations -> accounts (account_id));
diesel::joinable!(live_tokens -> tokens (token_id));
diesel::joinable!(memberships -> accounts (account_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(recovery_codes -> users (user_id));
diesel::joinable!(resources -> accounts (account_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(token_blocks -> accounts (account_id));
diesel::joinable!(token_blocks -> users (blocked_by));
diesel::joinable!(token_blocks -> tokens (token_id));
diesel::joinable!(token_grant_resources -> token_grants (grant_id));
diesel::joinable!(token_grants -> tokens (token_id));
diesel::joinable!(token_networks -> tokens (token_id));
diesel::joinable!(token_refusals -> tokens (token_id));
diesel::joinable!(token_secrets -> tokens (token_id));
diesel::joinable!(token_use -> token_secrets (secret_id));
diesel::joinable!(tokens -> accounts (account_id));

diesel::allow_tables_to_appear_in_same_query!(
    account_limits,
    accounts,
    audit_events,
    authenticators,
    begun,
    budgets,
    catalogues,
    invitations,
    leak_reports,
    live_tokens,
    mails,
    memberships,
    recovery_codes,
    resources,
    sessions,
    sightings,
    signing_keys,
    throttles,
    token_blocks,
    token_grant_resources,
    token_grants,
    token_networks,
    token_refusals,
    token_secrets,
    token_use,
    tokens,
    user_links,
    users,
);
