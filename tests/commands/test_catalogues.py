"""What `make check` finds in a catalogue, and what `make catalogues` writes."""

import shutil

import polib
import pytest

from tools import catalogues

SOURCE = {
    ("", "Sign in"): polib.POEntry(msgid="Sign in"),
    ("", "Hello %(name)s"): polib.POEntry(msgid="Hello %(name)s", flags=["python-format"]),
    ("", "%(num)s day"): polib.POEntry(msgid="%(num)s day", msgid_plural="%(num)s days", flags=["python-format"]),
    ("of a forum", "Open"): polib.POEntry(msgid="Open", msgctxt="of a forum"),
}
SOUND = {
    "Sign in": "Se connecter",
    "Hello %(name)s": "Bonjour %(name)s",
    "%(num)s day": {0: "%(num)s jour", 1: "%(num)s jours"},
    "Open": "Ouvert",
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a French catalogue: the sound one with changes; a value of None leaves the text out."""
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    path = catalogues.path_of("fr")
    path.parent.mkdir(parents=True)

    def write(**changes):
        file = polib.POFile()
        file.metadata = {"Content-Type": "text/plain; charset=utf-8"}
        for (context, text), entry in SOURCE.items():
            said = changes.get(text.split()[0], SOUND[text])
            if said is not None:
                form = {"msgstr_plural": said} if isinstance(said, dict) else {"msgstr": said}
                file.append(polib.POEntry(msgid=text, msgctxt=context or None, msgid_plural=entry.msgid_plural, **form))
        file.save(str(path))
        return file

    return write


def problems():
    return list(catalogues.problems_of("fr", SOURCE))


def test_a_sound_catalogue_has_no_problem(write):
    write()
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Sign": None}, "'Sign in' is missing"),
        ({"Sign": ""}, "'Sign in' is not translated"),
        ({"Hello": "Bonjour"}, "'Bonjour' has other placeholders"),
        ({"Hello": "Bonjour %(nom)s"}, "has other placeholders"),
        ({"Hello": "Bonjour %(name)s, 100 %"}, "has a % that begins no placeholder"),
        ({"Sign": "Se connecter, 100 %%"}, "has a % that begins no placeholder"),
        ({"%(num)s": {0: "%(num)s jour", 1: ""}}, "'%(num)s day' is not translated"),
        ({"%(num)s": {0: "%(num)s jour"}}, "needs 2 plural forms and has 1"),
        ({"%(num)s": {0: "un jour", 1: "%(num)s jours"}}, "has other placeholders"),
        ({"Sign": "Se connecter !"}, "needs a no-break space"),
        ({"Sign": "« Se connecter\N{NO-BREAK SPACE}»"}, "needs a no-break space"),
    ],
)
def test_each_problem_is_found(write, changes, problem):
    write(**changes)
    (found,) = problems()
    assert problem in found


def test_sign_of_a_percentage_beside_a_placeholder_is_written_twice(write):
    write(Hello="Bonjour %(name)s, 100 %%")
    assert problems() == []


def test_texts_that_are_gone_and_fuzzy_ones_are_found(write):
    file = write()
    file.append(polib.POEntry(msgid="Gone", msgstr="Parti"))
    file.append(polib.POEntry(msgid="Old", msgstr="Vieux", obsolete=True))
    file.find("Sign in").flags.append("fuzzy")
    file.save()

    assert sorted(problems()) == [
        "'Gone' is no longer in the source",
        "'Old' is no longer in the source",
        "'Sign in' is fuzzy",
    ]


def test_a_missing_catalogue_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "FOLDER", catalogues.ROOT / "nowhere")
    assert problems() == ["there is no nowhere/fr/LC_MESSAGES/messages.po; create it with: make catalogues"]


def test_extraction_finds_texts_of_code_and_of_templates():
    source = catalogues.extract()

    assert ("", "Your account is not authorized to do this.") in source
    assert ("", "Indigenous Peoples and local communities") in source, "marked with N_"
    assert ("", "Skip to the content") in source, "in a template"
    assert source["", "%(num)s day left."].msgid_plural == "%(num)s days left."
    assert source["", "%(num)s day left."].flags == ["python-format"]


def test_update_keeps_translations_and_changes_nothing_twice(tmp_path, monkeypatch):
    root = catalogues.ROOT
    (tmp_path / "translations").mkdir()
    (tmp_path / "translations" / "babel.cfg").write_text((root / "translations" / "babel.cfg").read_text())
    shutil.copytree(root / "app", tmp_path / "app")
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path / "translations")
    path = catalogues.path_of("es")
    catalogues.update()
    file = polib.pofile(str(path))
    file.find("Skip to the content").msgstr = "Ir al contenido"
    file.append(polib.POEntry(msgid="Skip to the contents", msgstr="Ir"))
    file.save()

    catalogues.update()

    written = path.read_text("utf-8")
    assert 'msgstr "Ir al contenido"' in written
    assert "Skip to the contents" not in written, "no longer in the source"
    assert "fuzzy" not in written
    assert "POT-Creation-Date" not in written
    catalogues.update()
    assert path.read_text("utf-8") == written
