"""Coming back with the receipt code, and leaving."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal import clock
from portal.database import db
from portal.extensions import csrf
from portal.public import arriving, guesses, questions, receipt_page
from portal.public.blueprint import public
from portal.public.visit import COOKIE, Opened, code_page, has_token, pause
from portal.reports import receipt, visits

LONGEST_TYPED = 200
HARMLESS = "https://www.weather.com.cn/"
CLEAR = '"cache", "cookies", "storage"'


@public.route("/track", methods=["GET", "POST"])
@csrf.exempt  # checked below, so that what was typed is kept
def track() -> Response:
    """The code entry. The code is only ever in the body of a request."""
    if request.method == "GET":
        return code_page()
    typed = request.form.get("code", "")[:LONGEST_TYPED]
    message = request.form.get("message", "")[: receipt_page.SHOWN_TEXT]
    if not has_token():
        return code_page(typed=typed, notice=_reopened(), message=message, status=400)
    return _enter(typed, message)


def _enter(typed: str, message: str) -> Response:
    wait = guesses.begin_try()
    if wait and not _solved():
        return _held(wait, typed, message)
    report = visits.find_report(typed)
    if report is None:
        fault = gettext("Not found. Capitals and spaces do not matter.")
        return code_page(typed=typed, fault=str(fault), message=message, status=422)
    guesses.was_right()
    at = clock.now()
    if COOKIE in session:
        visits.end(session[COOKIE], at)
    session[COOKIE] = visits.begin(report, at)
    arriving.remember(receipt.normalise(typed), report.submission_id)
    db.session.commit()
    if message:
        # Written while the visit ended: it goes on where it stopped, and is not sent by itself.
        visit = visits.current(session[COOKIE], at)
        if visit is not None:
            return receipt_page.show(Opened(visit, report), at, typed=message)
    return redirect(url_for("public.track_report"), 303)


def _solved() -> bool:
    """Judge the answer to the question; a right one begins the network's count anew."""
    challenge_id, answer = questions.posted()
    if not questions.needs_picture() or request.form.get("action") in questions.ASK_ANEW or not answer:
        return False
    if not questions.judge(challenge_id, answer):
        return False
    guesses.begin_anew()
    return True


def _held(wait: int, typed: str, message: str) -> Response:
    """Nothing is looked up: a question first, or some patience where none is asked."""
    if questions.needs_picture():
        question = questions.ask(spoken=questions.is_spoken())
        wrong = _wrong_answer(question) if questions.posted()[1] else ""
        page = code_page(
            typed=typed, notice=_crowded(), message=message, question=question, wrong_answer=wrong, status=429
        )
    else:
        page = code_page(typed=typed, fault=pause(wait), message=message, status=429)
    page.headers["Retry-After"] = str(wait * 60)
    return page


@public.post("/track/leave")
@csrf.exempt  # leaving must always work, and harms nobody
def track_leave() -> Response:
    """End the visit, clear what the browser keeps of this site, and show a page that says nothing."""
    token = session.get(COOKIE, "")
    if token:
        visits.end(token, clock.now())
        db.session.commit()
    page = make_response(render_template("public/left.html", harmless=HARMLESS))
    return _cleared(page)


@public.get("/leave")
def leave() -> Response:
    """The quick way out, also without script: the browser forgets this site and goes to a harmless one."""
    return _cleared(redirect(HARMLESS, 303))


def _cleared(response: Response) -> Response:
    session.clear()
    response.headers["Clear-Site-Data"] = CLEAR
    for name in ("theme", "keys", "text"):
        response.delete_cookie(name)
    return response


def _reopened() -> str:
    return str(
        gettext(
            "The page was open for too long, or cookies are switched off. Please press the button once more."
        )
    )


def _crowded() -> str:
    return str(
        gettext(
            "Too many wrong codes came from your network. Please answer the question below as well, then your"
            " code is looked up. It stays valid."
        )
    )


def _wrong_answer(question: questions.Question) -> str:
    if question.spoken:
        return str(gettext("The digits did not fit, or the recording was too old. Here is a new one."))
    return str(gettext("The characters did not fit, or the picture was too old. Here is a new one."))
