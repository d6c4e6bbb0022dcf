"""What a schema cannot say of good requests, told to schemathesis: a call has words, a key stands for one
body, and a hotline's home is a city that there is. Bad requests stay as they are."""

import hashlib
import json

import schemathesis

KEY = "Idempotency-Key"
CITY = "六安市"
WORDS = {"citizen": "六安市水韵东方小区的路灯不亮，电话13855551234。"}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.path == "/v1/place/correct" and isinstance(case.body, dict) and case.body.get("home"):
        case.body["home"] = CITY
    if case.path == "/v1/ticket/check" and isinstance(case.body, dict):
        say_something(case.body["call"])
    if case.path == "/summarize" and isinstance(case.body, dict):
        say_something(case.body)
        if case.headers and KEY in case.headers:
            whole = json.dumps([case.headers[KEY], case.body]).encode()
            case.headers[KEY] = hashlib.sha256(whole).hexdigest()


def say_something(call):
    turns = [turn for session in call.values() for turn in session]
    said = "".join(turn.get(key, "") for turn in turns for key in ("citizen", "hot-line"))
    if not any(letter.isascii() and letter.isalnum() for letter in said):
        next(iter(call.values())).append(WORDS)
