"""`python -m portal.rewards.terminal`: the commands on rule files, without Flask: the quickest start."""

from portal.rewards.terminal.group import rules

rules(prog_name="rules")
