"""A release server on a database of its own, for the benches that call one over HTTP."""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import time
import urllib.request


def fresh_folder(path):
    path = pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def machine():
    return "%s, %d cores, %s, load %s" % (time.strftime("%Y-%m-%d"), os.cpu_count(), platform.platform(), os.getloadavg()[0])


def databases(args):
    """Name and URL of an empty SQLite file and of an empty PostgreSQL database, each there until the next is asked for."""
    if args.only != "postgres":
        yield "SQLite", "sqlite://%s" % (args.work / "jobs.db")
    if args.only != "sqlite":
        name = "callsheet_bench_%d" % os.getpid()
        sql = [args.psql, "-q", args.postgres + "/postgres", "-c"]
        subprocess.run(sql + ["CREATE DATABASE " + name], check=True)
        try:
            yield "PostgreSQL", "%s/%s" % (args.postgres, name)
        finally:
            subprocess.run(sql + ["DROP DATABASE %s WITH (FORCE)" % name], check=True)


class Server:
    def __init__(self, args, name, url):
        self.args, self.name = args, name
        command = [args.callsheet, "serve", "--listen", "127.0.0.1:0", "--database-url", url]
        self.log = open(args.work / (name + ".log"), "a")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.address = re.search(r"127\.0\.0\.1:\d+", self.process.stdout.readline()).group()

    def call(self, method, path, body=None):
        request = urllib.request.Request("http://%s%s" % (self.address, path), method=method, data=body and body.encode(),
                                         headers={"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request))

    def memory(self):
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return tuple(int(re.search(name + r":\s+(\d+)", status).group(1)) / 1024 for name in ("VmRSS", "VmHWM"))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
