-- Certificates (PEM) of which that of a target's other end must come; empty: those of the system.
ALTER TABLE sink ADD COLUMN ca TEXT NOT NULL DEFAULT '';
