ALTER TABLE `reset_codes` ADD `origin` text;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `kept_code_id` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `kept_digest` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `kept_pepper_id` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `kept_issued_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `kept_expires_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `client_attempts` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `reset_codes` ADD `client_failures` text DEFAULT '' NOT NULL;