ALTER TABLE `idempotent_calls` ADD `terms` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `idempotent_calls` ADD `delivery_due` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `used_assertions_by_client` ON `used_assertions` (`client_id`,`expires_at`);--> statement-breakpoint
CREATE INDEX `used_assertions_by_time` ON `used_assertions` (`expires_at`);