-- The certificate that was issued for a device which is being set up: SHA-256 of its DER.
ALTER TABLE setup_left ADD COLUMN pin BYTEA;
