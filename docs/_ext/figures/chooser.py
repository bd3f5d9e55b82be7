"""Ask the questions of ``choosing/choose``, and show all of its rules as a table.

Without JavaScript the table is all there is: ``_static/guide.css`` hides the form. With
it the form is answered from the rows of the table: ``_static/chooser.js``.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxTranslator
from sphinx.writers.html5 import HTML5Translator

from docs._ext.figures.tables import row, table
from snippets.choosing import choose
from snippets.choosing.choose import QUESTIONS, RULES, Rule

HEADS = "Your work", "Take", "Because", "Watch for", "Copy"


class Form(nodes.General, nodes.Element):
    """The questions, which only the HTML has."""


def open_form(translator: HTML5Translator, _: Form) -> None:
    """Write a group of radio buttons for each question, and that all are left.

    Raises:
        SkipNode: always, since there is nothing in it; and a book cannot answer.
    """
    if translator.builder.name == "epub":
        raise nodes.SkipNode
    write = translator.body.append
    write('<form class="chooser">')
    for number, (question, answers) in enumerate(QUESTIONS.items()):
        write(f"<fieldset><legend>{translator.encode(question)}</legend>")
        for answer in answers:
            text = translator.encode(answer)
            write(
                f'<label><input type="radio" name="question-{number}" '
                f'value="{translator.attval(answer)}"> {text}</label>'
            )
        write("</fieldset>")
    left = f"{len(QUESTIONS)} questions are left."
    write(f'<div class="answer" role="status">{left}</div></form>')
    raise nodes.SkipNode


def leave_out(_: SphinxTranslator, __: Form) -> None:
    """Write nothing where nobody can answer."""
    raise nodes.SkipNode


def add_nodes(app: Sphinx) -> None:
    """Say how the form is written."""
    left_out = leave_out, None
    app.add_node(Form, html=(open_form, None), text=left_out, latex=left_out)


def _row(rule: Rule) -> nodes.row:
    answers: list[nodes.Node] = []
    for answer in rule.answers:
        answers += [nodes.Text(", "), nodes.inline("", answer, classes=["given"])]
    model: list[nodes.Node] = [nodes.strong("", rule.model)]
    program = addnodes.pending_xref(
        "",
        nodes.inline("", rule.program),
        refdomain="std",
        reftype="ref",
        reftarget=rule.program,
        refexplicit=False,
        refwarn=True,
    )
    return row([answers[1:], model, rule.because, rule.beware, [program]])


class ChooserDirective(SphinxDirective):
    """The questions and the rules."""

    def run(self) -> list[nodes.Node]:
        """Return the form and the table."""
        self.env.note_dependency(str(choose.__file__))
        return [Form(), table(HEADS, map(_row, RULES), "rules")]


def add_script(
    app: Sphinx, _: str, __: str, ___: object, doctree: nodes.document | None
) -> None:
    """Load the script on the pages that ask."""
    if doctree is not None and any(doctree.findall(Form)):
        app.add_js_file("chooser.js", loading_method="defer")
