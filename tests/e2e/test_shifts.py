#!/usr/bin/env python3
"""Many nights in real processes: five of them on two stores and one ledger, killed, stopped and started at random, and
now and then the service itself is gone. Judged from what arrived at the twin, and from the results.

TIDEMILL_SHIFT_SECONDS says how long (40; 600 for a long run), SEED which accidents happen."""
import collections
import os
import random
import signal
import socket
import time
from mill import PROMPT, House, day_that_begins, main, most_in_window, per_day, refused

SECONDS = float(os.environ.get("TIDEMILL_SHIFT_SECONDS", "40"))
SEED = os.environ.get("SEED", "20261124")
PLACES = {"north": 3, "south": 2}  # processes on each store
RPM, RPD, MINUTE_S, DAY_S = 24, 90, 2, 20
LATENCY_MS, JITTER_MS = 300, 600
SLACK_S = 1.0  # of a machine that has other things to do
FLIGHT_S = (LATENCY_MS + JITTER_MS) / 1000 + SLACK_S  # from a request's arrival until its answer is recorded
PATIENCE_S = 10  # with one that was told to leave, and has answers to wait for

# What may have cut requests that were in flight from `begin` (ended, or fell asleep not to wake again) to `end`.
Cut = collections.namedtuple("Cut", "place store begin end")
Span = collections.namedtuple("Span", "store begin end")


class Place:
    """A place on the shift: one process after the other works there on one store."""

    def __init__(self, shift, store, number):
        self.shift, self.store, self.name = shift, store, f"{store}{number}"
        self.process, self.since, self.asleep_since, self.due = None, None, None, 0.0
        self.nap = Span(store, 0.0, 0.0)  # the last one: answers that came meanwhile are recorded a little after
        self.leaving = self.finished = False

    def up(self):
        return self.process is not None and not self.asleep_since and not self.leaving

    def start(self):
        self.process = self.shift.house.start(
            "run", "label.prompt", f"{self.store}.csv", "--store", "sqlite:" + self.shift.house.path(f"{self.store}.db"))
        self.since = time.time()
        self.tell("starts")
        self.shift.count["starts"] += 1

    def tell(self, what):
        self.shift.story.append((time.time(), f"{self.name} {what}"))

    def work_ends(self):
        """From now on it can't be said to have worked all along."""
        if self.since:
            self.shift.worked.append(Span(self.store, self.since, time.time()))
        self.since = None

    def ended(self):
        """Has the process ended? Then the place is free, until it is due again."""
        if self.process is None:
            return False
        if self.process.poll() is None:
            assert not self.leaving or time.time() < self.due, f"{self.name} was told to leave, and works on"
            return False
        self.work_ends()
        _, err = self.process.communicate()
        status, self.process, self.asleep_since = self.process.returncode, None, None
        self.tell(f"has ended: {status}")
        wanted = (0, 4, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGKILL) if self.leaving else (0,)
        if status not in wanted:
            self.shift.complaints.append(f"{self.name} ended with {status}:\n{err}")
        self.finished, self.leaving = status in (0, 3), False
        self.due = time.time() + self.shift.rng.uniform(0.1, 2.5)
        return True

    def cut_from(self):
        now = time.time()
        return self.asleep_since or (self.nap.begin if now - self.nap.end < SLACK_S else now)

    def kill(self):
        begin = self.cut_from()
        self.leave(signal.SIGKILL)
        self.process.wait()
        self.shift.cuts.append(Cut(self.name, self.store, begin, time.time()))
        self.tell(f"is cut, awake until {begin % 1000:.3f}")
        self.asleep_since = None

    def leave(self, number):
        """Told once, it sends no more and waits for what is in flight: nothing is cut."""
        self.work_ends()
        self.leaving, self.due = True, time.time() + PATIENCE_S
        self.tell(f"gets signal {number}")
        self.process.send_signal(number)

    def leave_now(self):
        begin = self.cut_from()
        self.leave(signal.SIGTERM)
        time.sleep(0.05)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.shift.cuts.append(Cut(self.name, self.store, begin, time.time()))
        self.tell(f"is cut, awake until {begin % 1000:.3f}")

    def sleep(self, seconds):
        self.work_ends()
        self.asleep_since, self.due = time.time(), time.time() + seconds
        self.process.send_signal(signal.SIGSTOP)
        self.tell("falls asleep")

    def wake(self):
        self.process.send_signal(signal.SIGCONT)
        self.tell("wakes")
        self.since = time.time()
        self.nap, self.asleep_since = Span(self.store, self.asleep_since, self.since), None


class Shift:
    def __init__(self, house, rng, day_ms):
        self.house, self.rng, self.day_ms, self.day_s = house, rng, day_ms, day_ms / 1000
        self.places = [Place(self, store, i + 1) for store, n in PLACES.items() for i in range(n)]
        self.count, self.cuts, self.worked, self.away, self.complaints = collections.Counter(), [], [], [], []
        self.story = []  # of what was done to whom: (when, what)
        self.twin_due, self.keeper, self.gentle, self.day, self.first_day = None, None, False, None, None

    def night_watch(self):
        """On every other day somebody is left in peace and the service stays, so that there are days to be used to the
        last request; on every other one of those nothing is cut, so that there are days without a repeat."""
        now = time.time()
        day, soon = int(now // self.day_s), int((now + FLIGHT_S + 1) // self.day_s)
        self.first_day = self.first_day or day
        self.gentle = 2 in ((day - self.first_day) % 4, (soon - self.first_day) % 4)
        if day == self.day:
            return
        self.day = day
        awake = [p for p in self.places if p.up()]
        self.keeper = self.rng.choice(awake) if (day - self.first_day) % 2 == 0 and awake else None

    def look_after(self):
        """Starts, wakes and ends what is due."""
        now = time.time()
        for place in self.places:
            if place.asleep_since and now >= place.due:
                place.wake()
            elif not place.ended() and place.process is None and now >= place.due and not place.finished:
                place.start()
        if self.twin_due and now >= self.twin_due:
            self.house.twin_again()
            self.story.append((now, "the service is back"))
            self.away.append(Span(None, self.cuts_of_twin[-1].begin, time.time()))
            self.twin_due = None

    def strike(self):
        victims = [p for p in self.places if p.process and not p.leaving and p is not self.keeper]
        if not self.keeper and not self.gentle and not self.twin_due and self.rng.random() < 0.12:
            self.count["service gone"] += 1
            self.lose_service(self.rng.uniform(0.2, 1.5))
            return
        if not victims:
            return
        victim, what = self.rng.choice(victims), self.rng.random()
        if self.gentle:
            if victim.asleep_since:
                return
            what = max(what, 0.55)
        if victim.asleep_since or what < 0.45:
            self.count["kill -9 asleep" if victim.asleep_since else "kill -9"] += 1
            victim.kill()
        elif what < 0.55:
            self.count["TERM twice"] += 1
            victim.leave_now()
        elif what < 0.65:
            self.count["TERM"] += 1
            victim.leave(signal.SIGTERM)
        elif what < 0.75:
            self.count["HUP"] += 1
            victim.leave(signal.SIGHUP)
        else:
            self.count["STOP"] += 1
            victim.sleep(self.rng.uniform(0.1, 4.0))

    def lose_service(self, seconds):
        twin, begin = self.house.twins[-1][0], time.time()
        twin.kill()
        twin.wait()
        self.story.append((begin, "the service is gone"))
        self.cuts += [Cut("twin", store, begin, time.time()) for store in PLACES]
        self.twin_due = time.time() + seconds

    @property
    def cuts_of_twin(self):
        return [c for c in self.cuts if c.place == "twin"]

    def work(self, seconds):
        end = time.time() + seconds
        while time.time() < end and not all(p.finished for p in self.places):
            strike = time.time() + self.rng.uniform(0.2, 1.6)
            while time.time() < strike:
                self.look_after()
                self.night_watch()
                time.sleep(0.03)
            self.strike()

    def go_home(self, timeout):
        """No more accidents: all that are left work until every row is answered."""
        end = time.time() + timeout
        while not all(p.finished for p in self.places):
            self.look_after()
            assert time.time() < end, "rows are still waiting: " + ", ".join(
                p.name for p in self.places if not p.finished) + "\n" + "\n".join(self.complaints)
            time.sleep(0.05)

    def close(self):
        for place in self.places:
            if place.process:
                place.process.kill()
                place.process.communicate()


def quiet_port():
    """A port that no outgoing connection is given while the twin is away."""
    for port in random.sample(range(20000, 30000), 100):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


def store_of(arrival):
    return arrival["text"].split()[-2]


def repeats_of(arrivals, cuts):
    """How often a row arrived again, and those of them that nothing had cut while they were in flight."""
    by_text, repeats, odd = collections.defaultdict(list), 0, []
    for a in arrivals:
        by_text[a["text"]].append(a["at_ms"] / 1000)
    for text, times in by_text.items():
        store = text.split()[-2]
        for first, again in zip(times, times[1:]):
            repeats += 1
            if not any(c.store == store and c.begin - FLIGHT_S <= first <= c.end + SLACK_S and again >= c.begin
                       for c in cuts):
                odd.append(f"{text} at {first:.3f} and {again:.3f}")
    return repeats, odd


def in_flight_at(arrivals, cuts):
    """The requests that may have been in flight when something was cut."""
    return sum(any(c.store == store_of(a) and
                   c.begin - FLIGHT_S <= a["at_ms"] / 1000 <= c.end + SLACK_S for c in cuts) for a in arrivals)


def before_refusals(shift, arrivals):
    """What arrived and what happened in the seconds before a refusal, in order: whoever has to find out why begins here."""
    lines = []
    for r in refused(arrivals)[:3]:
        end = r["at_ms"] / 1000
        near = [(a["at_ms"] / 1000, f"{a['http']} {a['text']}") for a in arrivals]
        near += [(t, what) for t, what in shift.story]
        lines += [f"{t - end:8.3f} {what}" for t, what in sorted(near) if end - 7 <= t <= end] + [""]
    return "\n".join(lines)


def use_of_days(shift, arrivals, counts):
    """Requests of each day that was over before the last row was sent. Calm: somebody whose rows waited worked from its
    first second to its end, the service was there, nothing was cut; manned: the same, but others were killed."""
    last = {store: max(a["at_ms"] / 1000 for a in arrivals if store_of(a) == store) for store in PLACES}
    days = {"calm": [], "manned": [], "other": []}
    for day in range(min(counts), max(counts)):
        begin, end = day * shift.day_s, (day + 1) * shift.day_s
        manned = any(s.begin <= begin + 1 and s.end >= end and last[s.store] > end for s in shift.worked)
        away = any(s.begin < end and s.end > begin for s in shift.away)
        cut = any(begin - FLIGHT_S < c.end < end for c in shift.cuts)
        days["other" if away or not manned else "manned" if cut else "calm"].append(counts[day])
    return days


def share_of(days):
    """How much of these days was used; those named that were not used to the last request."""
    if not days:
        return "there was none"
    less = [n for n in days if n < RPD]
    words = f": all but {', '.join(map(str, less))}" if less else ""
    return f"{sum(days) / RPD / len(days):.1%} of {len(days)}{words}"


def check_results(house, rows):
    repeats = 0
    for store, n in rows.items():
        place = ("--store", "sqlite:" + house.path(f"{store}.db"))
        out = house.results(f"label.{store}", *place)
        assert [r["row"] for r in out] == list(range(1, n + 1)), f"{store}: rows lost, doubled or out of order"
        wrong = [r for r in out if r["output"] != f"echo: Label this review: {store} {r['row']}"]
        assert not wrong, wrong[:2]
        repeats += house.json("status", f"label.{store}", *place)["repeats"]
    return repeats


def judge(shift, arrivals, counted, n_rows):
    """Prints what the log of arrivals shows, then fails if it breaks a promise."""
    most = most_in_window([a["at_ms"] for a in arrivals], MINUTE_S * 1000)
    counts = per_day([a["at_ms"] for a in arrivals], shift.day_ms)
    repeats, odd = repeats_of(arrivals, shift.cuts)
    cut, days = in_flight_at(arrivals, shift.cuts), use_of_days(shift, arrivals, counts)
    table = [
        ("seed", SEED), ("days", f"{len(counts)} of {shift.day_s:.1f} s"), ("rows", n_rows),
        ("requests", len(arrivals)), ("refused", len(refused(arrivals))), ("most in a minute", f"{most} of {RPM}"),
        ("most in a day", f"{max(counts.values())} of {RPD}"), *sorted(shift.count.items()),
        ("repeats", f"{repeats}; {counted} counted, {cut} may have been in flight when something was cut"),
        ("used of days without a kill", share_of(days["calm"])),
        ("... where others were killed", share_of(days["manned"])),
        ("... unmanned or without service", share_of(days["other"])),
    ]
    print("\n".join(f"#   {name:32}{value}" for name, value in table), flush=True)
    assert not refused(arrivals), "refused:\n" + before_refusals(shift, arrivals)
    assert most <= RPM, f"{most} in a minute of {RPM}"
    assert max(counts.values()) <= RPD, f"{max(counts.values())} in a day of {RPD}"
    assert not odd, f"asked again, and nothing had cut it: {odd[:5]}"
    assert repeats <= min(counted, cut), f"{repeats} rows were asked again: {counted} counted, {cut} in flight at kills"
    assert all(n == RPD for n in days["calm"]), f"calm days were not used to the last request: {days['calm']} of {RPD}"
    # A process that is killed between a grant and its sending takes the few of that grant with it.
    assert sum(days["manned"]) >= 0.95 * RPD * len(days["manned"]), f"days were not used: {days['manned']} of {RPD}"
    return f"{len(arrivals)} requests for {n_rows} rows, {repeats} repeats, none refused"


def shifts():
    """Five processes on two stores and one ledger, killed, stopped and started at random"""
    day_ms = day_that_begins(0, DAY_S)
    rows = dict.fromkeys(PLACES, int(SECONDS / DAY_S * RPD * 0.9 / len(PLACES)))  # so that some wait until the end
    with House(windows=(f"{MINUTE_S}s", f"{day_ms}ms"), limits={"rpm": RPM, "rpd": RPD}) as house:
        house.twin("--port", quiet_port(), "--rpm", RPM, "--rpd", RPD, "--minute", f"{MINUTE_S}s",
                   "--day", f"{day_ms}ms", "--latency", f"{LATENCY_MS}ms", "--jitter", f"{JITTER_MS}ms")
        house.write("label.prompt", PROMPT)
        for store, n in rows.items():
            house.rows(f"{store}.csv", n, lambda i, store=store: f"{store} {i}")
        shift = Shift(house, random.Random(SEED), day_ms)
        try:
            shift.work(SECONDS)
            shift.go_home(timeout=(sum(rows.values()) / RPD + 3) * DAY_S)
        finally:
            shift.close()
        assert not shift.complaints, "\n".join(shift.complaints)
        return judge(shift, house.arrivals(), check_results(house, rows), sum(rows.values()))


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored by all that are started here
    main([shifts])
