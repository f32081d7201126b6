"""Texts as delegates write them, or paste them from Word, slides, PDF and email programs, in which no character is a
mark; and texts made of such pieces and of marks, at random."""

import random
from collections.abc import Iterator

WRITTEN = (
    # Numbers that are cited
    "17. The Parties may wish to consider the following.\n23. The Secretariat reports.\n31. Adopted.",
    "2. Second\n5. Fifth\n9. Ninth",
    "3. troisième\n2. deuxième\n1. première",
    "12. Primero.\n\n14. Segundo, sin el párrafo 13.\n\n12. Otra vez el párrafo 12.",
    "1. Chair\n1. Co-Chair\n1. Rapporteur",
    "0. Preamble\n1. Scope",
    "007. Bond\n008. Another",
    "2012. It was the year of the first forum.",
    "We agree with paragraph\n17. The rest is unclear.",
    "1.1. Scope\n1.2. Definitions\n\n1.2.1 “Party”",
    "(a) the first;\n(b) the second;\n(c) the third.",
    "a) primero;\nb) segundo;\nc) tercero.",
    "i) alpha\nii) beta\niii) gamma",
    "1) First option\n2) Second option\n4) Fourth option",
    "1º Aprobar el acta.\n2º Nombrar la Mesa.",
    "17 bis. The Parties shall [encourage] [urge] …",
    "See decision 14/34, para. 5; CBD/COP/DEC/15/4, annex I, section H.",
    "12345678901. far too many digits",
    "1.\n2.\n3.",
    # Signs of numbers
    "#12 says the opposite of #13.",
    "#ClimateJustice #NousSommesPrêts",
    "#1 priority: funding",
    "No. #4 (see #4.1)",
    # Stars, low lines
    "Estimad*s delegad*s y amig*s tod*s:",
    "Cher·e·s collègues, participant*e*s et délégué*e*s,",
    "3*4*5 = 60, and 2 * 3 * 4 = 24",
    "report_*.docx and annex_*.pdf",
    "See file_name_with_low_lines.pdf and other_file_2.xlsx.",
    "Name: ____________________  Date: __________\n\nSignature:\n_____________________",
    "Total*\nMean**\n\n* Estimated.",
    "The figure (*) is provisional (*).",
    "Emissions rose by 4%* and fell by 2%*.",
    "*Fuente: elaboración propia",
    "c:\\reports\\annex and \\\\server\\share",
    # Lines of lists as programs paste them
    "• First point\n• Second point\n\t◦ Third point",
    "– premier point ;\n– deuxième point ;\n— troisième point.",
    "·\tUno\n·\tDos\n◦\tTres",
    "o\tLevel two of Word\no\tAnother",
    "\t1.1\tPasted from a table of contents\t4",
    "+ 3 degrees by 2050\n+ 4 degrees by 2100",
    "-5 °C in winter\n-10 °C at night",
    "- \n-\n=",
    "Agenda\n=\n\nItem\n-",
    "    Indented by four spaces\n\n\tand by a tab.",
    "        Artículo 1\n\n    El presente Protocolo…",
    # Addresses, people, symbols
    "Dr. Anna Å. Ström <anna.strom@example.org> (Norway)",
    "See www.cbd.int, http://bch.cbd.int/protocol/text/ and https://www.un.org/en/.",
    "(https://en.wikipedia.org/wiki/Cartagena_(disambiguation))",
    "“https://example.org/a”, «https://example.org/b», ‘https://example.org/c’ et l’adresse https://example.org/d…",
    "https://example.org/l'eau, https://example.org/x?a=1&b=[2]; www.example.org/~user.",
    "https://例え.example/パス。次の文、（https://example.org/全角）",
    "[Norway]: https://example.org/statement",
    "[1] See paragraph 4.\n[2]: Ibid.",
    "The Parties [shall] [should] [, as appropriate,] [may](see note) report.",
    "![logo] [x] [ ] [Option 1](A)",
    # Signs of HTML and of programs
    "If x < 5 and y > 3, then <b>A & B</b>; AT&T; &amp; &lt;p&gt; &copy; &#233;",
    "<https://example.org/a> and <script>alert(1)</script>",
    "The l`eau of l`Afrique, a ``quoted'' word, ~~deleted~~, ==marked==, ^up^ and $5",
    ">50% of Parties and >= 3 of them",
    "->arrow =>arrow",
    "“Smart quotes”, « guillemets », ‹ simples ›, „tief“, 「括弧」…",
    "¿Quién? ¡Nadie! ¿¿??",
    "| not | a table",
    "a | b\n- | -",
    "Yes/No; and/or; Director/Head; M. a/l Raju; km²/an",
    "5 – 10 % ; 1 000 000 € ; n° 4 ; 23 h 00 UTC ; CO₂ ; 10⁻³",
    "Party A\tParty B\tParty C\n1\t2\t3",
    "العربية: الفقرة 12 و#13. 中文：第12段。 Русский: пункт 12.",
    "👍🏽 agree 👩‍🔬 — see table ①②③",
    "-- \nMaría José Núñez\nMinisterio de Ambiente",
    "De : Jean\u00a0\nÀ : Marie\u00a0\nObjet : Re: Re: projet",
    "First line\vSecond line\fThird line\x85Fourth\u2028Fifth\u2029Sixth",
    "^1 Footnote\n\n1 Footnote\n¹ Footnote",
    "[…] 4. … [ ]\n\n4 bis. [Deleted]\n\n4 ter.",
)
WORDS = (
    "Parties paragraph párrafo État n’a l'eau tod*s file_1 CO₂ 17 23.5 #12 #34 UNEP/CBD/6/7 a/l [may] «oui» “no” x<y "
    "A&B 5% 3*4 https://example.org/a_(b) www.example.org/x, <a@example.org> C:\\x 中文 👍 … — ¿sí? d*e*s report_*.docx"
).split()
SIGNS = (
    "* ** *** _ __ ___ ` `` # ## > >> - -- --- = === + • – | \\ [ ] ( ) ](https://example.org) ]( ! < & ~ ^ ' \" :"
).split()
STARTS = (
    "",
    "",
    "",
    "- ",
    "* ",
    "17. ",
    "3. ",
    "    ",
    "\t",
    "  - ",
    "> ",
    "> > ",
    "# ",
    "#",
    "### ",
    "• ",
    "| ",
    "a) ",
    "1) ",
)
BETWEEN = ("\n", "\n", "\n\n", "\r\n", " \n", "\n\n\n", "\u2028", "\n---\n", "\n===\n", "\n-\n", "\n|-|-|\n")


def generated(seed: int, count: int) -> Iterator[str]:
    """Texts at random, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        lines = []
        for _line in range(chance.randint(1, 7)):
            parts = [_part(chance) for _part_of_line in range(chance.randint(0, 8))]
            glue = chance.choice((" ", " ", ""))
            lines.append(chance.choice(STARTS) + glue.join(parts) + chance.choice(("", "", " |", "*", "_")))
            lines.append(chance.choice(BETWEEN))
        yield "".join(lines)


def _part(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(WORDS)
    if kind < 0.7:
        return chance.choice(SIGNS)
    mark = chance.choice(("*", "**", "_", "***", "`", "__"))
    return f"{mark}{chance.choice(WORDS)}{mark}"
