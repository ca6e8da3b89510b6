"""Reports that the server does not have yet."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional

MAX_ITEMS = 1000
MAX_LINES = 100

# Seconds between heartbeats that carry nothing but progress or lines.
REPORT_INTERVAL = 0.5


class Question(NamedTuple):
    """A report of items whose sender waits for the answer, unless the number is None."""

    number: Optional[int]
    items: List[Dict[str, Any]]


class Batch(NamedTuple):
    """What one heartbeat carries. `questions` are answered when it has passed."""

    body: Dict[str, Any]
    questions: List[Question]

    @property
    def is_single(self) -> bool:
        """Whether a smaller batch would not say more about what is wrong."""
        parts = {"current_stage": "progress"}
        kinds = {parts.get(name, name) for name in self.body}
        return len(kinds) <= 1 and len(self.questions) <= 1


class Reports:
    """The newest progress, all items, and lines up to a limit. Items are never dropped."""

    def __init__(self, max_body_bytes: int) -> None:
        self._room = max_body_bytes * 2 // 3
        self._progress: Dict[str, Any] = {}
        self._lines: List[str] = []
        self._left_out = 0
        self._questions: List[Question] = []
        # After a refusal, parts are sent alone, to find the one that is refused.
        self._careful = False

    def add(self, message: Dict[str, Any]) -> None:
        if message["do"] == "items":
            self._add_items(Question(message.get("number"), message["items"]))
        elif message["do"] == "log":
            for line in message["lines"]:
                self._add_line(line)
        else:
            if "progress" in message:
                self._progress["progress"] = message["progress"]
            if "stage" in message:
                self._progress["current_stage"] = message["stage"]

    def _add_items(self, question: Question) -> None:
        """Divides what one request cannot hold; the last part answers the sender."""
        starts = range(0, len(question.items), MAX_ITEMS)
        parts = [question.items[at:at + MAX_ITEMS] for at in starts]
        self._questions += [Question(None, part) for part in parts[:-1]]
        self._questions.append(Question(question.number, parts[-1] if parts else []))

    def _add_line(self, line: str) -> None:
        if len(self._lines) + 1 < MAX_LINES:
            self._lines.append(line)
        else:
            self._left_out += 1

    @property
    def has_items(self) -> bool:
        return bool(self._questions)

    @property
    def is_empty(self) -> bool:
        return not (self._questions or self._progress or self._lines or self._left_out)

    def take(self) -> Batch:
        """Takes the next batch. Several reports of one item are in several batches."""
        questions = self._take_questions()
        body: Dict[str, Any] = {}
        if questions and any(question.items for question in questions):
            body["items"] = [item for question in questions for item in question.items]
        if self._careful and questions:
            return Batch(body, questions)
        if self._progress:
            body.update(self._progress)
            self._progress = {}
            if self._careful:
                return Batch(body, questions)
        lines, self._lines = self._lines, []
        if self._left_out:
            lines.append(f"… {self._left_out} more lines were left out")
            self._left_out = 0
        if lines:
            body["log"] = lines
        return Batch(body, questions)

    def _take_questions(self) -> List[Question]:
        taken: List[Question] = []
        keys: set[str] = set()
        count = size = 0
        while self._questions:
            question = self._questions[0]
            names = {item["key"] for item in question.items}
            count += len(question.items)
            size += len(json.dumps(question.items))
            is_too_much = count > MAX_ITEMS or size > self._room or names & keys
            if taken and (is_too_much or self._careful):
                break
            keys |= names
            taken.append(self._questions.pop(0))
        return taken

    def put_back(self, batch: Batch) -> None:
        """Puts back a batch that could not be sent; newer progress overrides its own."""
        body = dict(batch.body)
        self._questions[:0] = batch.questions
        for name in ("progress", "current_stage"):
            if name in body:
                self._progress.setdefault(name, body[name])
        lines, self._lines = self._lines, list(body.get("log", []))
        for line in lines:
            self._add_line(line)

    def narrow(self, batch: Batch) -> None:
        """Puts back a batch of which the server refused a part; smaller ones follow."""
        self._careful = True
        self.put_back(batch)

    def passed(self) -> None:
        if self.is_empty:
            self._careful = False
