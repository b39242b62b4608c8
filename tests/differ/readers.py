"""readers.py - the readers that rows.py compares: tidemill's own by print_rows, npm's papaparse, PostgreSQL's COPY.
Each takes a list of {"path", ...} and gives a list of what was read."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def through(command, asks, **parsing):
    """The lines that a program answers to lines of JSON."""
    done = subprocess.run(command, input="".join(json.dumps(ask) + "\n" for ask in asks), capture_output=True, text=True,
                          encoding="utf-8", check=False)
    answers = [json.loads(line, **parsing) for line in done.stdout.split("\n") if line]
    if len(answers) != len(asks):
        sys.exit(f"{command[0]} answered {len(answers)} of {len(asks)}, exit {done.returncode}: {done.stderr[-2000:]}\n"
                 f"the one that it did not: {asks[len(answers)]}")
    return answers


def tidemill(program, asks):
    return through([program], asks)


def papaparse(asks):
    """None: there is no node, or no papaparse in this folder."""
    probe = ["node", "-e", "require('node:module').createRequire(process.cwd() + '/')('papaparse')"]
    if not shutil.which("node") or subprocess.run(probe, capture_output=True, check=False).returncode:
        return None
    return through(["node", f"{HERE}/reference_csv.mjs"], asks)


class Postgres:
    """A cluster of its own in a temporary folder, on a socket in it alone. As root it runs as the user postgres."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="differ-postgres-")
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.as_user:
            shutil.chown(self.dir, "postgres")
        folders = sorted(os.listdir("/usr/lib/postgresql")) if os.path.isdir("/usr/lib/postgresql") else []
        self.bin = f"/usr/lib/postgresql/{folders[-1]}/bin" if folders else None

    def command(self, name, *args):
        return [*self.as_user, f"{self.bin}/{name}", *args]

    def __enter__(self):
        if not self.bin:
            return None
        with open(f"{self.dir}/log", "w", encoding="utf-8") as log:
            for command in (self.command("initdb", "-D", f"{self.dir}/data", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"),
                            self.command("pg_ctl", "-D", f"{self.dir}/data", "-w", "-l", f"{self.dir}/server.log", "-o",
                                         f"-k {self.dir} -c listen_addresses= -c fsync=off", "start")):
                subprocess.run(command, check=True, stdout=log, stderr=log, cwd=self.dir)
        return self

    def __exit__(self, *_):
        if self.bin:
            subprocess.run(self.command("pg_ctl", "-D", f"{self.dir}/data", "-m", "immediate", "stop"), check=False,
                           capture_output=True, cwd=self.dir)
        shutil.rmtree(self.dir, ignore_errors=True)

    def copy(self, asks):
        """COPY ... CSV of each {"path", "columns": n}: {"rows"} or {"error"}; it refuses a file as a whole."""
        script = ["\\set ON_ERROR_STOP off"]
        for n in sorted({ask["columns"] for ask in asks}):
            script.append(f"CREATE TEMP TABLE t{n} ({', '.join(f'c{i} text' for i in range(n))});")
        for ask in asks:
            n, path = ask["columns"], ask["path"].replace("'", "''")
            row = ", ".join(f"c{i}" for i in range(n))
            script += [f"TRUNCATE t{n};",
                       f"COPY t{n} FROM '{path}' (FORMAT csv, HEADER, NULL '@none@', ENCODING 'UTF8', DELIMITER '{ask.get('delimiter', ',')}');",
                       "\\if :ERROR",
                       "SELECT json_build_object('error', :'LAST_ERROR_MESSAGE');",
                       "\\else",
                       f"SELECT json_build_object('rows', coalesce(json_agg(json_build_array({row}) ORDER BY ctid), '[]')) FROM t{n};",
                       "\\endif"]
        done = subprocess.run(self.command("psql", "-h", self.dir, "-d", "postgres", "-XAtq"), input="\n".join(script), text=True,
                              encoding="utf-8", capture_output=True, check=False, cwd=self.dir)
        answers, decoder, text = [], json.JSONDecoder(), done.stdout.strip()
        while text:  # a text of json_agg may hold line ends
            answer, end = decoder.raw_decode(text)
            answers.append(answer)
            text = text[end:].lstrip()
        if len(answers) != len(asks):
            sys.exit(f"psql answered {len(answers)} of {len(asks)}: {done.stderr[-2000:]}")
        return answers
