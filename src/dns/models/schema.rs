// @generated from the example's migrations, in the form of diesel's print-schema; a test compares it with the
// database. How its tables join the product's is at the end.

#![allow(missing_docs, reason = "generated: the tables are described in the migrations")]

use crate::db::schema::resources;

diesel::table! {
    use diesel::sql_types::*;

    /// Certificates of domains.
    certificates (id) {
        id -> Int8,
        domain_id -> Int8,
        contact_id -> Nullable<Int8>,
        /// The host below the domain, such as www.
        name -> Text,
        common_name -> Text,
        years -> Int4,
        csr -> Text,
        state -> Text,
        auto_renew -> Bool,
        alternate_names -> Array<Text>,
        authority_identifier -> Text,
        expires_at -> Nullable<Timestamptz>,
        server_pem -> Nullable<Text>,
        root_pem -> Nullable<Text>,
        chain_pems -> Array<Text>,
        /// NULL where the key never was here.
        private_key_pem -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What an account was charged. Nothing is bought here.
    charges (id) {
        id -> Int8,
        account_id -> Int8,
        reference -> Text,
        invoiced_at -> Timestamptz,
        total_cents -> Int8,
        balance_cents -> Int8,
        state -> Text,
        items -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// People and companies that domains are registered to.
    contacts (id) {
        id -> Int8,
        account_id -> Int8,
        label -> Text,
        first_name -> Text,
        last_name -> Text,
        job_title -> Text,
        organization_name -> Text,
        email -> Text,
        phone -> Text,
        fax -> Text,
        address1 -> Text,
        address2 -> Text,
        city -> Text,
        state_province -> Text,
        postal_code -> Text,
        country -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What is known of a domain besides its name. A domain and its zone are created and deleted together.
    domains (resource_id) {
        resource_id -> Int8,
        registrant_id -> Nullable<Int8>,
        /// When the registration ends; NULL where the domain is hosted only.
        expires_at -> Nullable<Timestamptz>,
        auto_renew -> Bool,
        transfer_lock -> Bool,
        /// The delegation.
        name_servers -> Array<Text>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Messages between an account and the platform.
    platform_messages (id) {
        id -> Int8,
        account_id -> Int8,
        subject -> Text,
        body -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Notices of how the platform is, as an account sees them.
    platform_statuses (id) {
        id -> Int8,
        account_id -> Int8,
        component -> Text,
        state -> Text,
        message -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Templates of records.
    record_templates (id) {
        id -> Int8,
        account_id -> Int8,
        /// The short name, which paths may use instead of the number.
        sid -> Text,
        name -> Text,
        description -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// DNS records. Nothing serves them.
    records (id) {
        id -> Int8,
        zone_id -> Int8,
        /// Relative to the zone; empty at the apex.
        name -> Text,
        record_type -> Text,
        content -> Text,
        ttl -> Int4,
        priority -> Nullable<Int4>,
        regions -> Array<Text>,
        /// SOA and NS at the apex: created with the zone, changed by nobody.
        system_record -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// URLs that want to be told of changes. Nothing is sent to them.
    webhooks (id) {
        id -> Int8,
        account_id -> Int8,
        url -> Text,
        suppressed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Whois privacy of a domain, once it was switched on for the first time.
    whois_privacies (id) {
        id -> Int8,
        domain_id -> Int8,
        enabled -> Bool,
        expires_on -> Nullable<Date>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What is known of a zone besides its name.
    zones (resource_id) {
        resource_id -> Int8,
        active -> Bool,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(certificates -> contacts (contact_id));
diesel::joinable!(domains -> contacts (registrant_id));

diesel::allow_tables_to_appear_in_same_query!(
    certificates,
    charges,
    contacts,
    domains,
    platform_messages,
    platform_statuses,
    record_templates,
    records,
    webhooks,
    whois_privacies,
    zones,
);

diesel::joinable!(certificates -> resources (domain_id));
diesel::joinable!(domains -> resources (resource_id));
diesel::joinable!(records -> resources (zone_id));
diesel::joinable!(whois_privacies -> resources (domain_id));
diesel::joinable!(zones -> resources (resource_id));

diesel::allow_tables_to_appear_in_same_query!(certificates, resources);
diesel::allow_tables_to_appear_in_same_query!(domains, resources);
diesel::allow_tables_to_appear_in_same_query!(records, resources);
diesel::allow_tables_to_appear_in_same_query!(whois_privacies, resources);
diesel::allow_tables_to_appear_in_same_query!(zones, resources);
