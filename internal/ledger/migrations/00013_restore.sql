-- +goose Up
-- What an order is written back from, and when the cluster was restored: resource
-- versions of a new cluster begin anew, and must not lose against older ones.

ALTER TABLE orders
    ADD COLUMN metadata jsonb,
    ADD COLUMN spec jsonb,
    ADD COLUMN status jsonb,
    ADD COLUMN document_version numeric(39),
    ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN orders.metadata IS 'Labels, annotations, finalizers and time of deletion, for restoring. May hold personal data.';
COMMENT ON COLUMN orders.spec IS 'The whole spec, for restoring: personal data. Gone after erasure.';
COMMENT ON COLUMN orders.status IS 'The status without conditions and history, for restoring: personal data. Gone after erasure.';
COMMENT ON COLUMN orders.document_version IS 'The resource version that metadata, spec and status are of; empty for rows of earlier versions, until they are mirrored again.';
COMMENT ON COLUMN orders.erased_at IS 'When the personal data was erased. The mirror does not write it back.';
CREATE INDEX orders_open ON orders (namespace, source, external_id) WHERE deleted_at IS NULL;

CREATE TABLE restore_epochs (
    epoch bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind varchar(16) NOT NULL CHECK (kind IN ('restore', 'rebuild')),
    actor varchar(256) NOT NULL CHECK (actor <> ''),
    begun_at timestamptz NOT NULL
);
COMMENT ON TABLE restore_epochs IS 'Each time the cluster was restored or the mirror rebuilt: what the mirror stores afterwards is newer, whatever its resource version.';

SELECT zma_secure('restore_epochs');
SELECT zma_permit('restore_epochs', 'zma_operator', 'SELECT', 'INSERT');
