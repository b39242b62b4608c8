#!/usr/bin/env python3
"""plan says how many nights and when it is done; what then happens is what it said."""
import json
import time
from mill import PROMPT, House, main


def plan(house, prompt, data, *flags):
    return json.loads(house.run("plan", prompt, data, "--json", *flags).out)["accounts"][0]


def what_is_spent_counts():
    """65 rows at 20 a day with 7 spent today: 13, 20, 20 and 5, the same in status; the text says so, too"""
    with House(windows=("60s", "1h"), limits={"rpm": 100, "rpd": 20}) as house:
        house.twin("--rpm", 100, "--rpd", 20, "--day", "1h", "--latency", "10ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 65)
        if time.time() % 3600 > 3570:
            time.sleep(31)
        house.run("run", prompt, data, "--limit", 7, status=4)
        said = plan(house, prompt, data)
        assert (said["nights"], said["today"], said["a_day"], said["end"]) == (4, 13, 20, "done"), said
        assert (said["bound"]["word"], said["bound"]["limit"], said["bound"]["source"]) == ("RPD", 20, "config"), said
        hour = (said["finish_ms"] - time.time() * 1000) / 3600000
        assert 2 < hour < 3.1, hour
        text = house.run("plan", prompt, data).out
        assert "4 nights (13 requests today, then up to 20 a day); bound by RPD 20 (config)" in text, text
        status = json.loads(house.run("status", "--json").out)
        assert abs(status["finish_ms"] - said["finish_ms"]) < 5000, (status, said)
        assert "4 nights (13 requests today" in house.run("status", "label.reviews").out
        return f"13 today, done in {hour:.2f} days"


def it_comes_true():
    """60 rows over three days of 10 s: the forecast and the end are seconds apart"""
    with House(windows=("2s", "10s"), limits={"rpm": 60, "rpd": 20}) as house:
        house.twin("--rpm", 60, "--rpd", 20, "--minute", "2s", "--day", "10s", "--latency", "20ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 60)
        time.sleep(10 - time.time() % 10 + 0.1)
        house.run("run", prompt, data, "--limit", 3, status=4)  # how long an answer takes is learnt
        said = plan(house, prompt, data)
        assert (said["nights"], said["today"], said["a_day"]) == (3, 17, 20), said
        house.run("run", prompt, data, timeout=60)
        off = time.time() * 1000 - said["finish_ms"]
        assert -1000 < off < 3000, off
        return f"{off / 1000:+.1f} s off"


def never():
    """Rows larger than a window, and more than ten years, are said in words"""
    with House(limits={"rpm": 60, "rpd": 20}) as house:
        house.twin()
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 30)
        said = plan(house, prompt, data, "--tpm", 3)
        assert (said["end"], said["finish_ms"], said["too_large"]) == ("too_large", None, 30), said
        assert "every row is larger than TPM 3" in house.run("plan", prompt, data, "--tpm", 3).out
        many = house.rows("many.csv", 8000)
        said = plan(house, prompt, many, "--rpd", 2)
        assert (said["end"], said["finish_ms"]) == ("horizon", None), said
        assert "not within 10 years at 2 a day" in house.run("plan", prompt, many, "--rpd", 2).out
        return "said"


if __name__ == "__main__":
    main([what_is_spent_counts, it_comes_true, never])
