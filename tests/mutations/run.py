#!/usr/bin/env python3
"""Breaks the code on purpose, in ways that matter, and shows that a test notices each: a mutation that
survives is a hole in the tests. It copies the tree, builds it once, runs the named tests on the sound code,
then for each mutation changes a line or two, builds what depends on them, runs its tests and puts the lines
back. Takes about ten minutes; not part of run.sh.

    tests/mutations/run.py [--in DIR] [--list] [NAME...]

NAME: only mutations whose name holds one of these words. --in: work there and leave it, so that the next
time builds only what has changed (default: a folder that is removed). Exit 1: one survived, or the lines it
changes are not there any more; 2: the sound code does not pass."""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT_S = 300


def months(kind, seeds="1-20"):
    """The simulated months of one kind; the first that breaks ends the run."""
    return ("sim_test_months", {"TIDEMILL_KIND": kind, "TIDEMILL_SEEDS": seeds, "TIDEMILL_NO_SHRINK": "1"})


def test(name, *paths):
    """A test program, or only some of its tests."""
    return (name, {}, *paths)


# name; what it breaks; edits: (file, old, new), each old standing there exactly once; tests that must notice.
MUTATIONS = [
    ("commit after send", "the grant is in memory only until its call has left and the ledger is written next",
     [("jobs/ledger_reserve.c",
       "    return insert_row(ledger, lane, store, *first, grant->granted, each, now, error);\n",
       "    (void)store;\n    return TRUE;\n"),
      ("jobs/ledger_uses.c",
       "    sum->of[TM_UNIT_MICRO_USD] = sqlite3_column_int64(row, 0);\n",
       "    sum->of[TM_UNIT_MICRO_USD] = sqlite3_column_int64(row, 0);\n"
       "    GHashTableIter iter;\n    gpointer value;\n"
       "    g_hash_table_iter_init(&iter, ledger->reservations);\n"
       "    while (g_hash_table_iter_next(&iter, NULL, &value)) {\n"
       "        const tm_reservation *r = value;\n"
       "        for (int u = 0; u < TM_N_UNITS && !r->left && r->lane == lane; u++)\n"
       "            sum->of[u] += r->cost.of[u];\n    }\n")],
     [months("kills"), test("test_ledger_holds")]),
    ("grant not synced", "the grant is committed, but on disk only with the commit after it",
     [("jobs/ledger_reserve.c",
       "    if (wanted <= 0)\n        return TRUE;\n",
       "    if (wanted <= 0)\n        return TRUE;\n"
       "    sqlite3_exec(tm_database_handle(ledger->db), \"PRAGMA synchronous = NORMAL\", NULL, NULL, NULL);\n"),
      ("jobs/ledger_reserve.c",
       "    if (grant->granted > 0)\n        remember(",
       "    sqlite3_exec(tm_database_handle(ledger->db), \"PRAGMA synchronous = FULL\", NULL, NULL, NULL);\n"
       "    if (grant->granted > 0)\n        remember(")],
     [months("power cuts", "1-60"), test("sim_test_power_loss")]),
    ("no fence", "an answer is recorded though the row belongs to another request by now",
     [("jobs/store_finish.c", '" WHERE id = ?1 AND request = ?2";', '" WHERE id = ?1";')],
     [test("test_store")]),
    ("stamp at grant", "a request counts from its reservation, not from the instant its first byte leaves",
     [("jobs/ledger_events.c", "    tm_ledger_stamp(ledger, reservation, at);\n",
       "    (void)at;\n    tm_ledger_stamp(ledger, reservation, &reservation->reserved);\n")],
     [months("slow to leave"), months("minute-bound"), test("test_ledger")]),
    ("86,400 s in the calendar", "a day ends 24 hours after its midnight",
     [("core/day.c", "    *end_ms = midnight(local, zone, 1);\n    if",
       "    *end_ms = *start_ms + DAY_MS;\n    if")],
     [test("test_day")]),
    ("86,400 s in the ledger", "the ledger finds the next day by adding 24 hours to the last",
     [("jobs/ledger_day.c",
       "        tm_day_of(windows, server_ms, &ledger->day.start_ms, &ledger->day.end_ms);\n",
       "        int64_t end = ledger->day.end_ms, length = tm_ledger_day_length(windows);\n"
       "        bool next = end && server_ms >= end && server_ms < end + length;\n"
       "        tm_day_of(windows, server_ms, &ledger->day.start_ms, &ledger->day.end_ms);\n"
       "        if (next) {\n"
       "            ledger->day.start_ms = end;\n"
       "            ledger->day.end_ms = end + length;\n        }\n")],
     [months("odd nights of the year")]),
    ("hold per process", "a hold is known only to the process whose request failed",
     [("jobs/ledger_hold.c", "    *hold = (tm_hold){0};\n    sqlite3_stmt *row",
       "    if (hold == &lane->hold)\n        return TRUE;\n    sqlite3_stmt *row"),
      ("jobs/ledger_hold.c", "    const tm_hold *hold = &lane->hold;\n    if (!hold->exists)\n        return tm",
       "    const tm_hold *hold = &lane->hold;\n    if (hold == &lane->hold)\n        return TRUE;\n"
       "    if (!hold->exists)\n        return tm")],
     [months("storms over terminals"), test("test_ledger_holds")]),
    ("probe not claimed", "after a hold everybody probes",
     [("jobs/ledger_hold.c", "    lane->hold.probe_request = id;\n",
       "    lane->hold.probe_request = id & 0;\n")],
     [months("storms over terminals"), test("test_ledger_holds")]),
    ("tokens not corrected", "a request's tokens stay as they were guessed",
     [("jobs/ledger_events.c", "        event.corrected = true;\n", "        event.corrected = false;\n")],
     [months("tokens"), test("test_ledger")]),
    ("tokens not told", "the engine settles with its own guess, not with the server's count",
     [("jobs/engine_cost.c", "        cost.of[TM_UNIT_INPUT_TOKENS] = answer->usage.input;\n", "")],
     [months("tokens")]),
    ("dead are given back", "a dead process's reservations are dropped at recovery though they may have left",
     [("jobs/ledger_recover.c",
       "    tm_ledger_charge(ledger, &all, &all.cost, 1, (1u << TM_N_WINDOWS) - 1);\n", "")],
     [months("kills"), months("killed at a write"), test("test_ledger_holds")]),
    ("checkpoint without the lock", "a checkpoint runs while others may write",
     [("jobs/database_write.c",
       "    if (database->wal_pages >= database->checkpoint_at_pages)\n        checkpoint(database);\n"
       "    database->writing = false;\n    tm_database_turn_give(database);\n",
       "    database->writing = false;\n    tm_database_turn_give(database);\n"
       "    if (database->wal_pages >= database->checkpoint_at_pages)\n        checkpoint(database);\n")],
     [test("sim_test_power_loss")]),
    ("offset ignored", "the day follows the machine's clock, not the server's",
     [("jobs/ledger_clock.c", "    if (!clock->known) {\n", "    if (clock) {\n")],
     [months("clocks, suspend, reboot"), months("a clock that is off"), test("test_ledger")]),
    # more of the same kind
    ("guard zero", "a minute is taken as exactly a minute, whatever the network does",
     [("jobs/ledger_lane.c", "    return raised ? MAX(lane->account_guard_ms, RAISED_GUARD_MS)"
       " : lane->account_guard_ms;\n", "    return raised ? 0 : 0;\n")],
     [months("minute-bound"), test("test_ledger")]),
    ("repeats not counted", "what a dead process had in flight is sent again without a word",
     [("jobs/store_worker.c", "        counts.repeats += !grave->hold;\n", "")],
     [months("kills"), test("test_store")]),
    ("the living are robbed", "rows of a worker that lives are taken as a dead one's",
     [("jobs/store_worker.c", "tm_database_is_dead(store->database, id))", "id > 0)")],
     [months("up to five terminals"), test("test_store")]),
    ("errors cost nothing", "any trouble gives the day back, not only a refusal",
     [("jobs/ledger_judge.c", "    if (verdict.give_back_day)\n", "    if (verdict.class != TM_CLASS_OK)\n")],
     [months("storms of 503"), test("test_ledger")]),
    ("boots forgotten", "what another boot has spent of the minute is dropped",
     [("jobs/ledger_windows.c", "        for (size_t i = 0; i < G_N_ELEMENTS(sqls); i++)",
       "        for (size_t i = 1; i < G_N_ELEMENTS(sqls); i++)")],
     [months("clocks, suspend, reboot", "1-100"), test("test_ledger")]),
    ("not synced at all", "a commit is on disk with the next checkpoint",
     [("jobs/database.c", '"PRAGMA synchronous = FULL;"', '"PRAGMA synchronous = NORMAL;"')],
     [months("power cuts"), test("sim_test_power_loss")]),
]


def say(text):
    print(text, flush=True)


def sync_tree(tree):
    """Copies what has changed, so that a kept build stays good."""
    for folder in ("core", "jobs", "cmd", "tests", "cmake", "fixtures"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                copy(path, tree / path.relative_to(ROOT))
        for path in list((tree / folder).rglob("*")):
            if path.is_file() and not (ROOT / path.relative_to(tree)).exists():
                path.unlink()
    copy(ROOT / "CMakeLists.txt", tree / "CMakeLists.txt")


def copy(path, to):
    if not to.exists() or to.read_bytes() != path.read_bytes():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


def build(where, targets):
    done = subprocess.run(["cmake", "--build", where / "build", "-j2", "--target", *sorted(targets)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        say(done.stdout[-4000:])
    return done.returncode == 0


def first_words(output):
    """What the test says first of what it found."""
    for pattern in (r"^# (.*, seed \d+: .*)$", r"(?:ERROR|Bail out! \w*:?ERROR):(.*)$", r"^not ok (.*)$"):
        found = re.search(pattern, output, re.M)
        if found:
            return re.sub(r"\s+", " ", found.group(1)).strip().split("/tests/")[-1]
    lines = output.strip().splitlines()
    return lines[-1] if lines else "no words"


def run(where, one):
    """None: it passes; else what it says."""
    name, more, *paths = one
    program = next((where / "build" / "tests").glob(name))
    env = {k: v for k, v in os.environ.items() if not k.startswith("TIDEMILL_")}
    try:
        done = subprocess.run([program, *(a for p in paths for a in ("-p", p))], env={**env, **more},
                              cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"does not end within {TIMEOUT_S} s"
    return None if done.returncode == 0 else first_words(done.stdout)


def words_of(one):
    name, more, *paths = one
    return " ".join([name.removeprefix("sim_"), *(f"({more[k]})" for k in ("TIDEMILL_KIND",) if k in more),
                     *paths])


def try_mutation(where, mutation):
    """[(test, what it said or None)]; None: it could not be tried."""
    name, _, edits, tests = mutation
    before = {}
    for file, old, new in edits:
        path = where / "tree" / file
        text = path.read_text()
        if text.count(old) != 1:
            say(f"{name}: {file} has moved on, these lines are there {text.count(old)} times:\n{old}")
            return None
        before.setdefault(path, text)
        path.write_text(text.replace(old, new))
    try:
        if not build(where, {one[0] for one in tests}):
            say(f"{name}: does not build")
            return None
        return [(one, run(where, one)) for one in tests]
    finally:
        for path, text in before.items():
            path.write_text(text)


def check_sound(where, chosen):
    tests = {str(one): one for mutation in chosen for one in mutation[3]}
    if not build(where, {one[0] for one in tests.values()}):
        return False
    good = True
    for one in tests.values():
        words = run(where, one)
        say(f"sound: {words_of(one)}: {'FAILS: ' + words if words else 'passes'}")
        good = good and words is None
    return good


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--in", dest="where")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    chosen = [m for m in MUTATIONS if not args.names or any(n in m[0] for n in args.names)]
    if args.list:
        for name, what, *_ in chosen:
            say(f"{name}: {what}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the lines are put back, the folder goes
    where = pathlib.Path(args.where or tempfile.mkdtemp(prefix="tidemill-mutations-")).resolve()
    try:
        sync_tree(where / "tree")
        subprocess.run(["cmake", "-S", where / "tree", "-B", where / "build", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"],
                       check=True, stdout=subprocess.DEVNULL)
        if not check_sound(where, chosen):
            return 2
        bad = 0
        say("\n| mutation | caught by | first words |\n| --- | --- | --- |")
        for mutation in chosen:
            found = try_mutation(where, mutation)
            bad += not found or not any(words for _, words in found)
            for one, words in found or []:
                say(f"| {mutation[0]} | {words_of(one) if words else 'NOT by ' + words_of(one)} | {words or ''} |")
        say(f"\n{len(chosen) - bad} of {len(chosen)} caught")
        return 1 if bad else 0
    finally:
        if not args.where:
            shutil.rmtree(where)


if __name__ == "__main__":
    sys.exit(main())
