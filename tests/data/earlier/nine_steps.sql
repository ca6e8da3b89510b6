-- A SQLite database that an earlier build made with the first nine of its steps, and one job.
CREATE TABLE "callsheet_migrations" (
    "version" varchar NOT NULL PRIMARY KEY,
    "applied_at" integer NOT NULL
);
INSERT INTO callsheet_migrations VALUES('m0001_series',1795700000);
INSERT INTO callsheet_migrations VALUES('m0002_episodes',1795700000);
INSERT INTO callsheet_migrations VALUES('m0003_video_generation_jobs',1795700000);
INSERT INTO callsheet_migrations VALUES('m0004_job_items',1795700000);
INSERT INTO callsheet_migrations VALUES('m0005_job_events',1795700000);
INSERT INTO callsheet_migrations VALUES('m0006_imports',1795700000);
INSERT INTO callsheet_migrations VALUES('m0007_import_rejects',1795700000);
INSERT INTO callsheet_migrations VALUES('m0008_active_jobs',1795700000);
INSERT INTO callsheet_migrations VALUES('m0009_import_progress',1795700000);
CREATE TABLE "series" (
    "id" varchar(36) NOT NULL PRIMARY KEY,
    "title" varchar(255) NOT NULL,
    "created_at" timestamp_with_timezone_text NOT NULL,
    "idempotency_key" varchar(255),
    "idempotency_fingerprint" varchar(64),
    CONSTRAINT "chk_series_created_at" CHECK ("created_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
);
INSERT INTO series (id, title, created_at) VALUES ('s', 'Cats', '2026-11-01T00:00:00+00:00');
CREATE TABLE "episodes" (
    "id" varchar(36) NOT NULL PRIMARY KEY,
    "series_id" varchar(36),
    "title" varchar(255),
    "number" integer,
    "created_at" timestamp_with_timezone_text NOT NULL,
    "idempotency_key" varchar(255),
    "idempotency_fingerprint" varchar(64),
    FOREIGN KEY ("series_id") REFERENCES "series" ("id") ON DELETE SET NULL,
    CONSTRAINT "chk_episodes_number" CHECK ("number" >= 0),
    CONSTRAINT "chk_episodes_created_at" CHECK ("created_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
);
CREATE TABLE "video_generation_jobs" (
    "id" varchar(64) NOT NULL PRIMARY KEY,
    "job_type" varchar(50) NOT NULL,
    "mode" varchar(20),
    "content" text,
    "user_requirement" text,
    "style" varchar(255),
    "project_title" varchar(255),
    "request_data" jsonb_text,
    "context" jsonb_text,
    "working_dir" varchar(500),
    "episode_id" varchar(36),
    "series_id" varchar(36),
    "priority" smallint NOT NULL DEFAULT 0,
    "run_at" timestamp_with_timezone_text,
    "max_attempts" integer NOT NULL DEFAULT 3,
    "labels" jsonb_text,
    "idempotency_key" varchar(255),
    "idempotency_fingerprint" varchar(64),
    "source" varchar(50),
    "source_status" varchar(255),
    "status" varchar(50) NOT NULL,
    "progress" double NOT NULL DEFAULT 0,
    "current_stage" varchar(255),
    "result_data" jsonb_text,
    "error_message" text,
    "total_shots" integer NOT NULL DEFAULT 0,
    "completed_shots" integer NOT NULL DEFAULT 0,
    "created_at" timestamp_with_timezone_text NOT NULL,
    "updated_at" timestamp_with_timezone_text NOT NULL,
    "started_at" timestamp_with_timezone_text,
    "completed_at" timestamp_with_timezone_text,
    "attempt" integer NOT NULL DEFAULT 0,
    "worker_id" varchar(200),
    "lease_token" varchar(64),
    "lease_expires_at" timestamp_with_timezone_text,
    "cancel_requested_at" timestamp_with_timezone_text,
    "version" integer NOT NULL DEFAULT 1,
    FOREIGN KEY ("episode_id") REFERENCES "episodes" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("series_id") REFERENCES "series" ("id") ON DELETE SET NULL,
    CONSTRAINT "chk_jobs_status" CHECK ("status" IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT "chk_jobs_progress" CHECK ("progress" BETWEEN 0 AND 100),
    CONSTRAINT "chk_jobs_total_shots" CHECK ("total_shots" >= 0),
    CONSTRAINT "chk_jobs_completed_shots" CHECK ("completed_shots" BETWEEN 0 AND "total_shots"),
    CONSTRAINT "chk_jobs_completed_at" CHECK (("status" IN ('completed', 'failed', 'cancelled')) = ("completed_at" IS NOT NULL)),
    CONSTRAINT "chk_jobs_lease" CHECK (("lease_token" IS NOT NULL) = ("lease_expires_at" IS NOT NULL)),
    CONSTRAINT "chk_jobs_lease_status" CHECK ((NOT "lease_token" IS NOT NULL) OR "status" = 'processing'),
    CONSTRAINT "chk_jobs_priority" CHECK ("priority" BETWEEN -100 AND 100),
    CONSTRAINT "chk_jobs_attempt" CHECK ("attempt" BETWEEN 0 AND 1000000),
    CONSTRAINT "chk_jobs_max_attempts" CHECK ("max_attempts" BETWEEN 1 AND 100),
    CONSTRAINT "chk_jobs_version" CHECK ("version" BETWEEN 1 AND 9007199254740992),
    CONSTRAINT "chk_jobs_times" CHECK (
        ("created_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("updated_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("run_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("started_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("completed_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("lease_expires_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("cancel_requested_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00'))
);
INSERT INTO video_generation_jobs (id, job_type, content, series_id, status, created_at, updated_at)
VALUES ('old', 'idea2video', 'A cat', 's', 'queued', '2026-11-01T00:00:00+00:00', '2026-11-01T00:00:00+00:00');
CREATE TABLE "job_items" (
    "job_id" varchar(64) NOT NULL,
    "idx" integer NOT NULL,
    "key" varchar(255) NOT NULL,
    "status" varchar(20) NOT NULL,
    "input" jsonb_text,
    "result" jsonb_text,
    "error" text,
    "attempt" integer NOT NULL DEFAULT 0,
    "created_at" timestamp_with_timezone_text NOT NULL,
    "updated_at" timestamp_with_timezone_text NOT NULL,
    "started_at" timestamp_with_timezone_text,
    "completed_at" timestamp_with_timezone_text,
    PRIMARY KEY ("job_id", "idx"),
    FOREIGN KEY ("job_id") REFERENCES "video_generation_jobs" ("id") ON DELETE CASCADE,
    CONSTRAINT "chk_job_items_idx" CHECK ("idx" BETWEEN 0 AND 999999),
    CONSTRAINT "chk_job_items_attempt" CHECK ("attempt" BETWEEN 0 AND 1000000),
    CONSTRAINT "chk_job_items_times" CHECK (
        ("created_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("updated_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("started_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
        AND ("completed_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')),
    CONSTRAINT "chk_job_items_status" CHECK ("status" IN ('pending', 'processing', 'completed', 'failed', 'skipped'))
);
CREATE TABLE "job_events" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "job_id" varchar(64) NOT NULL,
    "seq" integer NOT NULL,
    "kind" varchar(50) NOT NULL,
    "status" varchar(50) NOT NULL,
    "progress" double NOT NULL,
    "current_stage" varchar(255),
    "total_shots" integer NOT NULL,
    "completed_shots" integer NOT NULL,
    "data" jsonb_text,
    "created_at" timestamp_with_timezone_text NOT NULL,
    CONSTRAINT "chk_job_events_seq" CHECK ("seq" BETWEEN 1 AND 9007199254740993),
    CONSTRAINT "chk_job_events_progress" CHECK ("progress" BETWEEN 0 AND 100),
    CONSTRAINT "chk_job_events_created_at" CHECK ("created_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
);
INSERT INTO job_events (job_id, seq, kind, status, progress, total_shots, completed_shots, created_at)
VALUES ('old', 1, 'created', 'queued', 0, 0, 0, '2026-11-01T00:00:00+00:00');
CREATE TABLE "imports" (
    "id" varchar(36) NOT NULL PRIMARY KEY,
    "status" varchar(20) NOT NULL,
    "options" jsonb_text NOT NULL,
    "found" integer NOT NULL DEFAULT 0,
    "imported" integer NOT NULL DEFAULT 0,
    "already_there" integer NOT NULL DEFAULT 0,
    "rejected" integer NOT NULL DEFAULT 0,
    "error" text,
    "started_at" timestamp_with_timezone_text NOT NULL,
    "finished_at" timestamp_with_timezone_text,
    "merged" integer NOT NULL DEFAULT 0,
    "overwritten" integer NOT NULL DEFAULT 0,
    "repaired" integer NOT NULL DEFAULT 0,
    "rejects_kept" integer NOT NULL DEFAULT 0,
    "reject_bytes" integer NOT NULL DEFAULT 0,
    "heartbeat_at" timestamp_with_timezone_text,
    "process" varchar(255),
    CONSTRAINT "chk_imports_status" CHECK ("status" IN ('running', 'finished', 'failed', 'aborted'))
);
CREATE TABLE "import_rejects" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "import_id" varchar(36) NOT NULL,
    "file" text NOT NULL,
    "key" text,
    "reason" varchar(50) NOT NULL,
    "detail" text NOT NULL,
    "raw" text,
    "created_at" timestamp_with_timezone_text NOT NULL,
    FOREIGN KEY ("import_id") REFERENCES "imports" ("id") ON DELETE CASCADE
);
CREATE TABLE "active_jobs" (
    "client_id" varchar(200) NOT NULL,
    "job_id" varchar(64) NOT NULL,
    "title" varchar(255),
    "created_at" timestamp_with_timezone_text NOT NULL,
    PRIMARY KEY ("client_id", "job_id"),
    FOREIGN KEY ("job_id") REFERENCES "video_generation_jobs" ("id") ON DELETE CASCADE,
    CONSTRAINT "chk_active_jobs_created_at" CHECK ("created_at" BETWEEN '0001-01-01T00:00:00+00:00' AND '9999-12-31T23:59:59.999999+00:00')
);
CREATE INDEX "idx_series_created" ON "series" ("created_at", "id");
CREATE UNIQUE INDEX "idx_series_idempotency_key" ON "series" ("idempotency_key") WHERE "idempotency_key" IS NOT NULL;
CREATE INDEX "idx_episodes_created" ON "episodes" ("created_at", "id");
CREATE UNIQUE INDEX "idx_episodes_series_number" ON "episodes" ("series_id", "number");
CREATE UNIQUE INDEX "idx_episodes_idempotency_key" ON "episodes" ("idempotency_key") WHERE "idempotency_key" IS NOT NULL;
CREATE INDEX "idx_job_created" ON "video_generation_jobs" ("created_at", "id");
CREATE INDEX "idx_job_status" ON "video_generation_jobs" ("status", "created_at", "id");
CREATE INDEX "idx_job_type" ON "video_generation_jobs" ("job_type", "created_at", "id");
CREATE INDEX "idx_job_mode" ON "video_generation_jobs" ("mode", "created_at", "id") WHERE "mode" IS NOT NULL;
CREATE INDEX "idx_job_series" ON "video_generation_jobs" ("series_id", "created_at", "id") WHERE "series_id" IS NOT NULL;
CREATE INDEX "idx_job_episode" ON "video_generation_jobs" ("episode_id", "created_at", "id") WHERE "episode_id" IS NOT NULL;
CREATE UNIQUE INDEX "idx_job_idempotency_key" ON "video_generation_jobs" ("idempotency_key") WHERE "idempotency_key" IS NOT NULL;
CREATE INDEX "idx_job_items_key" ON "job_items" ("job_id", "key");
CREATE UNIQUE INDEX "idx_job_events_job_seq" ON "job_events" ("job_id", "seq");
CREATE INDEX "idx_imports_started" ON "imports" ("started_at", "id");
CREATE INDEX "idx_import_rejects_import" ON "import_rejects" ("import_id", "id");
CREATE INDEX "idx_active_jobs_job" ON "active_jobs" ("job_id");
