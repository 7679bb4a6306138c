CREATE TABLE `idempotent_calls` (
	`tenant_id` text NOT NULL,
	`key_digest` text NOT NULL,
	`part` integer NOT NULL,
	`request_digest` text NOT NULL,
	`nonce` text NOT NULL,
	`pepper_id` text NOT NULL,
	`event_id_prefix` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `key_digest`, `part`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotent_calls_by_time` ON `idempotent_calls` (`expires_at`);