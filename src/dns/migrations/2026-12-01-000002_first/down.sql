DROP TABLE platform_messages, platform_statuses, charges, webhooks, record_templates, certificates, records, zones,
    whois_privacies, domains, contacts;
