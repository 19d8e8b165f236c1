DROP TABLE account_limits, token_blocks, platform_messages, platform_statuses, charges, webhooks, record_templates,
    certificates, records, zones, whois_privacies, domains, contacts;
