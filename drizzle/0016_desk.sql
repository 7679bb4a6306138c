CREATE TABLE `desk_approvals` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`email_key` text NOT NULL,
	`mode` text NOT NULL,
	`channel` text NOT NULL,
	`destination` text,
	`ttl_ms` integer NOT NULL,
	`digest` text NOT NULL,
	`pepper_id` text NOT NULL,
	`sealed` text NOT NULL,
	`requested_by` text NOT NULL,
	`requested_at` integer NOT NULL,
	`epoch` integer DEFAULT 0 NOT NULL,
	`expires_at` integer NOT NULL,
	`status` text NOT NULL,
	`decided_by` text,
	`decided_at` integer,
	`decision_id` text,
	`code_id` text,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `desk_approvals_open` ON `desk_approvals` (`tenant_id`,`id`) WHERE status IN ('pending', 'approved');--> statement-breakpoint
CREATE INDEX `desk_approvals_open_by_user` ON `desk_approvals` (`tenant_id`,`user_id`,`mode`) WHERE status IN ('pending', 'approved');--> statement-breakpoint
CREATE INDEX `desk_approvals_by_time` ON `desk_approvals` (`expires_at`);--> statement-breakpoint
CREATE TABLE `desk_reports` (
	`tenant_id` text NOT NULL,
	`code_id` text NOT NULL,
	`user_id` text NOT NULL,
	`press_id` text NOT NULL,
	`reported_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `code_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `desk_reports_by_time` ON `desk_reports` (`expires_at`);--> statement-breakpoint
CREATE TABLE `desk_verifications` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`verifier_id` text NOT NULL,
	`status` text NOT NULL,
	`method` text DEFAULT '' NOT NULL,
	`code_digest` text DEFAULT '' NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`started_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`verified_at` integer,
	`used_at` integer,
	`used_for` text,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `desk_verifications_by_user` ON `desk_verifications` (`tenant_id`,`user_id`,`expires_at`);--> statement-breakpoint
CREATE INDEX `desk_verifications_by_time` ON `desk_verifications` (`expires_at`);--> statement-breakpoint
ALTER TABLE `admin_events` ADD `reason` text;--> statement-breakpoint
ALTER TABLE `deleted_users` ADD `frozen_until` integer;--> statement-breakpoint
ALTER TABLE `spent_budgets` ADD `frozen_until` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `frozen_until` integer;--> statement-breakpoint
-- A void of a user's codes ends what waits for an approval, whoever voids, and for whatever reason.
CREATE TRIGGER `reset_codes_voided` AFTER UPDATE OF `voided_at` ON `reset_codes` WHEN NEW.`voided_at` IS NOT NULL BEGIN UPDATE `desk_approvals` SET `status` = 'voided', `sealed` = '' WHERE `tenant_id` = NEW.`tenant_id` AND `user_id` = NEW.`user_id` AND `mode` = NEW.`mode` AND status IN ('pending', 'approved'); END;--> statement-breakpoint
CREATE TRIGGER `reset_codes_voided_anew` AFTER INSERT ON `reset_codes` WHEN NEW.`voided_at` IS NOT NULL BEGIN UPDATE `desk_approvals` SET `status` = 'voided', `sealed` = '' WHERE `tenant_id` = NEW.`tenant_id` AND `user_id` = NEW.`user_id` AND `mode` = NEW.`mode` AND status IN ('pending', 'approved'); END;
