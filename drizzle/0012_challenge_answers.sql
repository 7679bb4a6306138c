CREATE TABLE `challenge_answers` (
	`tenant_id` text NOT NULL,
	`user_id` text NOT NULL,
	`position` integer NOT NULL,
	`challenge_code` text NOT NULL,
	`digest` text NOT NULL,
	`pepper_id` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `user_id`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER `users_answers_out` AFTER DELETE ON `users` WHEN NOT EXISTS (SELECT 1 FROM `deleted_users` WHERE `id` = OLD.`id` AND `tenant_id` = OLD.`tenant_id`) BEGIN DELETE FROM `challenge_answers` WHERE `tenant_id` = OLD.`tenant_id` AND `user_id` = OLD.`id`; END;--> statement-breakpoint
CREATE TRIGGER `deleted_users_answers_out` AFTER DELETE ON `deleted_users` WHEN NOT EXISTS (SELECT 1 FROM `users` WHERE `id` = OLD.`id` AND `tenant_id` = OLD.`tenant_id`) BEGIN DELETE FROM `challenge_answers` WHERE `tenant_id` = OLD.`tenant_id` AND `user_id` = OLD.`id`; END;
