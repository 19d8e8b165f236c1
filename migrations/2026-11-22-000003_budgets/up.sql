-- What callers have spent of their hour, summed over all nodes.

CREATE TABLE budgets (
    payer        text NOT NULL,
    window_start timestamptz NOT NULL,
    calls        bigint NOT NULL CHECK (calls >= 0),
    PRIMARY KEY (payer, window_start)
) WITH (fillfactor = 70);
CREATE INDEX budgets_window_start_idx ON budgets (window_start);
COMMENT ON TABLE budgets IS 'Calls in each hour by payer, as far as the nodes have shared their counts. Hours that are over are swept.';
COMMENT ON COLUMN budgets.payer IS 'account or user and its number; unnamed or unknown and the network of the caller.';
