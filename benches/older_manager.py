"""Stand-ins of the older job manager: one row a job in a SQLite file, one transaction a call, the row read again."""
import datetime
import json
import sqlite3

try:
    import sqlalchemy
    from sqlalchemy import orm
except ImportError:
    sqlalchemy = None

TEXTS = ("id", "job_type", "mode", "status", "content", "user_requirement", "style", "project_title", "request_data", "context",
         "current_stage", "working_dir", "result_data", "error_message", "episode_id", "series_id")
NUMBERS = ("progress", "total_shots", "completed_shots")
TIMES = ("created_at", "updated_at", "started_at", "completed_at")
JSON = ("request_data", "context", "result_data")


class Older:
    def create_job(self, job_id, job_type, content, **more):
        now = self.now()
        self.insert({"id": job_id, "job_type": job_type, "content": content, "status": "queued", "progress": 0.0, "total_shots": 0,
                     "completed_shots": 0, "created_at": now, "updated_at": now, **more})
        return self.get_job(job_id)

    def update_progress(self, job_id, progress, current_stage=None):
        return self.change(job_id, progress=progress, current_stage=current_stage)

    def mark_completed(self, job_id, result_data):
        return self.change(job_id, status="completed", progress=100.0, completed_at=self.now(), result_data=result_data)

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


class OlderInSqlite(Older):
    NAME = "older class, sqlite3"

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        columns = ["%s TEXT" % n for n in TEXTS + TIMES] + ["%s REAL" % n for n in NUMBERS]
        self.connection.execute("CREATE TABLE video_generation_jobs (%s, PRIMARY KEY (id))" % ", ".join(columns))

    def insert(self, values):
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self.write("INSERT INTO video_generation_jobs (%s) VALUES (%s)" % (names, marks), [self.held(n, v) for n, v in values.items()])

    def change(self, job_id, **values):
        self.get_job(job_id)
        values["updated_at"] = self.now()
        sets = ", ".join("%s = ?" % name for name in values)
        self.write("UPDATE video_generation_jobs SET %s WHERE id = ?" % sets, [self.held(n, v) for n, v in values.items()] + [job_id])
        return self.get_job(job_id)

    def get_job(self, job_id):
        found = self.connection.execute("SELECT * FROM video_generation_jobs WHERE id = ?", [job_id])
        names = [column[0] for column in found.description]
        row = dict(zip(names, found.fetchone()))
        for name in JSON:
            row[name] = json.loads(row[name]) if row[name] else {}
        return row

    def write(self, statement, values):
        self.connection.execute("BEGIN")
        self.connection.execute(statement, values)
        self.connection.execute("COMMIT")

    def held(self, name, value):
        return json.dumps(value) if name in JSON else str(value) if name in TIMES else value


if sqlalchemy:
    class Base(orm.DeclarativeBase):
        pass

    def columns():
        kinds = {name: sqlalchemy.Text for name in TEXTS}
        kinds.update({name: sqlalchemy.Float for name in NUMBERS}, **{name: sqlalchemy.DateTime for name in TIMES},
                     **{name: sqlalchemy.JSON for name in JSON})
        return {name: orm.mapped_column(kind, primary_key=name == "id", nullable=name != "id") for name, kind in kinds.items()}

    Row = type("Row", (Base,), {"__tablename__": "video_generation_jobs", **columns()})

    class OlderInSqlAlchemy(Older):
        NAME = "older class, SQLAlchemy"

        def __init__(self, path):
            engine = sqlalchemy.create_engine("sqlite:///%s" % path, connect_args={"check_same_thread": False})
            Base.metadata.create_all(engine)
            self.session = orm.sessionmaker(engine)

        def insert(self, values):
            with self.session() as session:
                session.add(Row(**values))
                session.commit()

        def change(self, job_id, **values):
            with self.session() as session:
                row = session.get(Row, job_id)
                for name, value in dict(values, updated_at=self.now()).items():
                    setattr(row, name, value)
                session.commit()
                session.refresh(row)
                return self.as_dict(row)

        def get_job(self, job_id):
            with self.session() as session:
                return self.as_dict(session.get(Row, job_id))

        def as_dict(self, row):
            return {name: getattr(row, name) for name in TEXTS + NUMBERS + TIMES}


def older_manager(path):
    return (OlderInSqlAlchemy if sqlalchemy else OlderInSqlite)(path)
