"""The limit: the least that a Flask form can cost. Six fields, CSRF, no database, and a bare page."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from flask import Flask, render_template_string, request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

PAGE = """<!doctype html><title>limit</title><form method="post" enctype="multipart/form-data">
{{ form.hidden_tag() }}{% for field in form if field.type != "CSRFTokenField" %}
<p>{{ field.label }} {{ field }}
{% for error in field.errors %}{{ error }}{% endfor %}</p>{% endfor %}<button>Send</button></form>"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=secrets.token_hex() if "LIMIT_SECRET" not in os.environ else os.environ["LIMIT_SECRET"]
)


class LimitForm(FlaskForm):
    """Six fields, and a file that may be missing."""

    sector = SelectField("Sector", choices=[("fire", "Fire"), ("welding", "Welding")])
    subject = StringField("Firm", validators=[Length(max=120)])
    district = SelectField("District", choices=[("1", "One"), ("2", "Two")])
    address = StringField("Address", validators=[Length(max=200)])
    happened = StringField("When", validators=[Length(max=120)])
    narrative = TextAreaField("What", validators=[DataRequired(), Length(max=5000)])
    file = FileField("File")


@app.get("/hello")
def hello() -> str:
    """Answer one line."""
    return "hello"


@app.route("/form", methods=["GET", "POST"])
def form() -> str:
    """Show the form; take it, with its file written and synced."""
    filled = LimitForm()
    if not filled.validate_on_submit():
        return render_template_string(PAGE, form=filled)
    upload = request.files.get("file")
    if upload and upload.filename:
        _keep(upload.stream.read())
    return "taken"


def _keep(content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    with tempfile.NamedTemporaryFile(dir=os.environ.get("LIMIT_DATA"), delete=False) as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    Path(target.name).rename(Path(target.name).with_name(digest + secrets.token_hex(4)))
