-- The migration beside it creates the table from this file.
CREATE TABLE predictions (
	prediction_id VARCHAR(36) NOT NULL,
	created_at DATETIME(6) NOT NULL,
	encounter_ref VARCHAR(64),
	inputs JSON NOT NULL,
	prediction SMALLINT NOT NULL,
	probability DOUBLE NOT NULL,
	threshold DOUBLE NOT NULL,
	model_name VARCHAR(128) NOT NULL,
	model_version VARCHAR(32) NOT NULL,
	dataset VARCHAR(16) NOT NULL,
	PRIMARY KEY (prediction_id)
);
CREATE INDEX predictions_created_at ON predictions (created_at);
CREATE INDEX predictions_encounter_ref ON predictions (encounter_ref);
