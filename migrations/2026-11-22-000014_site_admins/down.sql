DROP INDEX leak_reports_report_idx, tokens_bare_words_idx;
DROP FUNCTION bare_words;
