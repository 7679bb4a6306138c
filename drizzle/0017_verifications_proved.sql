ALTER TABLE `desk_verifications` ADD `verifier_name` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `desk_verifications` ADD `link_digest` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `desk_verifications` ADD `proof_digest` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `desk_verifications` ADD `proof_sent_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `desk_verifications` ADD `proofs_sent` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `desk_verifications` ADD `proof_failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `desk_verifications` ADD `proved_at` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `desk_verifications_by_link` ON `desk_verifications` (`tenant_id`,`link_digest`) WHERE link_digest <> '';