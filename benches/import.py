#!/usr/bin/env python3
"""Measures imports against bulk loads. Run by benches/import, which starts what this needs."""
import argparse
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import legacy_stores  # noqa: E402

# Parents before children.
TABLES = ["video_generation_jobs", "job_items", "job_events"]


def measured(command, **options):
    """Seconds and the peak of resident memory in MB."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit("%s ended with %d" % (" ".join(map(str, command)), child.returncode))
    return time.monotonic() - began, usage.ru_maxrss / 1024


class Sqlite:
    name = "SQLite"

    def __init__(self, args):
        self.args = args
        self.loaded = args.work / "loaded.db"

    def url(self, path):
        return "sqlite://%s" % path

    def fresh(self, path):
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)

    def start(self):
        path = self.args.work / "imported.db"
        self.fresh(path)
        return self.url(path)

    def dump(self):
        for table in TABLES:
            with open(self.args.work / ("%s.csv" % table), "w") as out:
                subprocess.run(["sqlite3", "-csv", self.args.work / "imported.db", "SELECT * FROM " + table], stdout=out, check=True)

    def bulk(self):
        """`.import` can't tell null from an empty text, and the CHECKs want nulls: it fills a temporary table, from which the rows move on."""
        self.fresh(self.loaded)
        subprocess.run([self.args.callsheet, "migrate", "up", "--database-url", self.url(self.loaded)], check=True, stdout=subprocess.DEVNULL)
        script = ["PRAGMA synchronous = FULL;", "PRAGMA foreign_keys = ON;", "PRAGMA temp_store = MEMORY;", ".mode csv"]
        for table in TABLES:
            info = subprocess.run(["sqlite3", self.loaded, "SELECT name FROM pragma_table_info('%s')" % table], capture_output=True, text=True, check=True)
            columns = info.stdout.split()
            names = ", ".join('"%s"' % c for c in columns)
            script.append("CREATE TEMP TABLE staged_%s (%s);" % (table, names))
            script.append(".import '%s' staged_%s" % (self.args.work / ("%s.csv" % table), table))
            script.append("INSERT INTO %s SELECT %s FROM staged_%s;" % (table, ", ".join("nullif(\"%s\", '')" % c for c in columns), table))
        (self.args.work / "load.sql").write_text("\n".join(script) + "\n")
        with open(self.args.work / "load.sql") as script:
            return measured(["sqlite3", "-bail", self.loaded], stdin=script)

    def rows(self, table):
        found = subprocess.run(["sqlite3", self.loaded, "SELECT count(*) FROM " + table], capture_output=True, text=True, check=True)
        return int(found.stdout)


class Postgres:
    name = "PostgreSQL"

    def __init__(self, args):
        self.args = args

    def psql(self, database, *commands):
        each = [part for command in commands for part in ("-c", command)]
        return [self.args.psql, "-qAt", "-v", "ON_ERROR_STOP=1", "%s/%s" % (self.args.postgres, database), *each]

    def make(self, database):
        subprocess.run(self.psql("postgres", "SET client_min_messages = error", "DROP DATABASE IF EXISTS " + database, "CREATE DATABASE " + database), check=True)
        return "%s/%s" % (self.args.postgres, database)

    def start(self):
        return self.make("imported")

    def dump(self):
        copies = ["\\copy %s to '%s'" % (table, self.args.work / ("%s.copy" % table)) for table in TABLES]
        subprocess.run(self.psql("imported", *copies), check=True)

    def bulk(self):
        url = self.make("loaded")
        subprocess.run([self.args.callsheet, "migrate", "up", "--database-url", url], check=True, stdout=subprocess.DEVNULL)
        copies = ["\\copy %s from '%s'" % (table, self.args.work / ("%s.copy" % table)) for table in TABLES]
        return measured(self.psql("loaded", *copies))

    def rows(self, table):
        found = subprocess.run(self.psql("loaded", "SELECT count(*) FROM " + table), capture_output=True, text=True, check=True)
        return int(found.stdout)


def compare(database, what, source, records, args):
    url = database.start()
    seconds, peak = measured([args.callsheet, "import", "--quiet", "--database-url", url, source])
    database.dump()
    bulk, _ = database.bulk()
    rows = [database.rows(table) for table in TABLES]
    if rows[0] != records:
        sys.exit("%d of %d records are jobs" % (rows[0], records))
    print("%-22s %-10s %9.0f/s %9.0f/s   %5.2f %8.0f MB   %d jobs, %d items, %d events" % (what, database.name, records / seconds, records / bulk, bulk / seconds, peak, *rows), flush=True)


def machine(args):
    model = "unknown"
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]
    print("%s, %d cores, %.0f GB, load %s, Linux %s" % (model, os.cpu_count(), memory, " ".join("%.1f" % n for n in os.getloadavg()), platform.release()))
    print("%s; sqlite3 %s; %s" % (version(args.callsheet, "--version"), version("sqlite3", "--version").split(" ")[0], version(args.psql, "--version")))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for name in ("callsheet", "psql", "postgres"):
        ap.add_argument("--" + name, required=True)
    ap.add_argument("--work", type=pathlib.Path, required=True)
    for name in ("jobs", "files", "seed"):
        ap.add_argument("--" + name, type=int, required=True)
    args = ap.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    dump = args.work / "vedo-jobs.json"
    folder = args.work / "web2img"
    legacy_stores.vedo_jobs(dump, args.jobs, args.seed)
    shutil.rmtree(folder, ignore_errors=True)
    legacy_stores.web2img(folder, args.files, args.seed)
    # What was just written is not to be flushed while something is measured.
    os.sync()
    machine(args)
    print("%-22s %-10s %11s %11s   %5s %11s" % ("", "", "import", "bulk load", "ratio", "peak memory"))
    for database in (Sqlite(args), Postgres(args)):
        compare(database, "one file, %d MB" % (dump.stat().st_size >> 20), dump, args.jobs, args)
        compare(database, "%d files" % args.files, folder, args.files, args)
    shutil.rmtree(args.work)


if __name__ == "__main__":
    main()
