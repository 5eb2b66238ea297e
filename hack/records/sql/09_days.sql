INSERT INTO spend_days
SELECT e.namespace, e.day, e.account, e.retailer, e.currency,
    sum(e.reserved_count), sum(e.reserved_cents), sum(e.settled_count), sum(e.estimated_cents), sum(e.settled_cents),
    sum(e.refunded_count), sum(e.refunded_cents), sum(e.released_count), sum(e.over_count), sum(e.over_cents), sum(e.under_count)
FROM zma_cost_tracking c CROSS JOIN LATERAL spend_days_entry(c) e
GROUP BY 1, 2, 3, 4, 5
