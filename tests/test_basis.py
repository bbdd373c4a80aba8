"""Sub-indices and their basis, price for performance, and the chained token index."""

import csv
import datetime
import itertools
import pathlib

import pytest

from sim.tokens import Listed, Price, Use, chained, normalised
from tests.real_files import real_file
from tests.shell import Shell, refused

DAYS = ("2026-08-03", "2026-08-04")
PANEL = "date,provider,gpu_model,market,price_per_gpu_hour,region\n" + "".join(
    f"{day},{name},H100,on-demand,{price},\n"
    for day in DAYS
    for name, price in (("alder", 2.0), ("basalt", 2.5), ("cinder", 3.0))
)
THROUGHPUT = "Model,acc,count,median,min,max\nllama,H100,1,5000,1,1\nrgat,B200,1,9,9,9\n"


def rows(path: pathlib.Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture
def panel(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "panel.csv"
    path.write_text(PANEL)
    return path


def test_each_provider_has_a_sub_index_and_a_basis(
    cfx: Shell, panel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    out, plot = tmp_path / "basis.csv", tmp_path / "basis.png"
    command = ["basis", "--prices", panel, "--model", "H100", "--out", out]
    assert cfx(*command, "--plot", plot).out == "6 values of 3 sub-indices of H100\n"
    found = [tuple(row[name] for name in ("level", "value", "index", "basis")) for row in rows(out)]
    assert found[:3] == [
        ("alder", "2.00", "2.50", "-0.50"),
        ("basalt", "2.50", "2.50", "0.00"),
        ("cinder", "3.00", "2.50", "0.50"),
    ]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "has no region on any row of H100" in refused(cfx(*command, "--by", "region"))


def test_a_million_units_of_work_cost_the_index_over_what_an_hour_does(
    cfx: Shell, panel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    table, out = tmp_path / "throughput.csv", tmp_path / "performance.csv"
    table.write_text(THROUGHPUT)
    command = ["performance", "--prices", panel, "--model", "H100", "--throughput", table]
    command += ["--out", out, "--benchmark"]
    assert cfx(*command, "llama").status == 0
    assert rows(out)[0]["usd_per_million"] == f"{2.5 / (5000 * 3600) * 1e6:.6f}"
    assert "was not measured on H100; it was on B200" in refused(cfx(*command, "rgat"))
    assert "has no benchmark 'bert'" in refused(cfx(*command, "bert"))
    for line, sentence in (
        ("llama,A100,1,many", "line 4: median 'many' is not a number above 0"),
        ("llama,A100,1,-3", "line 4: median '-3' is not a number above 0"),
        ("llama,H100,1,5", "line 4: H100 stands there already"),
    ):
        table.write_text(f"{THROUGHPUT}{line},1,1\n")
        assert sentence in refused(cfx(*command, "llama"))


WEEK = datetime.timedelta(weeks=1)
FIRST = datetime.date(2026, 1, 4)


def use(slug: str, tokens: float, usd: float, listed: float = 0.0) -> Use:
    """Return a use at a price per million tokens, in and out alike."""
    return Use(slug, tokens, tokens, *(Price(p / 1e6, p / 1e6) for p in (usd, listed)))


class TestTokens:
    def test_a_change_of_mix_moves_the_naive_index_alone(self) -> None:
        first = [use("cheap", 9, 1.0), use("dear", 1, 10.0)]
        second = [use("cheap", 1, 1.0), use("dear", 9, 10.0)]
        found = list(chained({FIRST: first, FIRST + WEEK: second}))
        assert [week.naive for week in found] == pytest.approx([1.9, 9.1])
        assert [week.value for week in found] == pytest.approx([1.9, 1.9])

    def test_a_change_of_price_weighs_as_the_week_before(self) -> None:
        first = [use("cheap", 9, 1.0), use("dear", 1, 10.0)]
        second = [use("cheap", 5, 2.0), use("dear", 5, 10.0), use("new", 90, 99.0)]
        found = list(chained({FIRST: first, FIRST + WEEK: second}))
        assert found[1].value == pytest.approx(1.9 * 28 / 19)
        assert found[1].models == 3

    def test_a_change_of_source_is_no_change_of_price(self) -> None:
        weeks = [[use("a", 1, 2.0)], [use("a", 1, 2.0, listed=3.0)], [use("a", 1, 2.0, listed=6.0)]]
        found = chained({FIRST + number * WEEK: uses for number, uses in enumerate(weeks)})
        assert [week.value for week in found] == pytest.approx([2.0, 2.0, 4.0])

    def test_a_model_has_one_name_with_and_without_its_date(self) -> None:
        dated = normalised("anthropic/claude-4.5-sonnet-20250929")
        assert dated == normalised("openrouter/anthropic/claude-sonnet-4-5")
        assert dated != normalised("anthropic/claude-sonnet-4")

    def test_the_list_price_is_the_last_one_before(self) -> None:
        log = Listed({("a",): [(FIRST, Price(1, 1)), (FIRST + WEEK, Price(2, 2))]})
        days = (FIRST - WEEK, FIRST, FIRST + 2 * WEEK)
        assert [log.at("x/a", day) for day in days] == [Price(), Price(1, 1), Price(2, 2)]

    def test_the_real_weeks_jump_naively_and_not_chained(
        self, cfx: Shell, tmp_path: pathlib.Path
    ) -> None:
        out = tmp_path / "tokens.csv"
        files = (
            real_file("token_weekly_consumption.csv.gz"),
            real_file("token_price_changes.csv.gz"),
        )
        ended = cfx("tokens", "--consumption", files[0], "--prices", files[1], "--out", out)
        assert ended.status == 0
        assert "the week of 2026-05-11 has no split of its tokens: left out" in ended.err
        found = rows(out)
        assert len(found) == 25
        jumps = [
            max(
                abs(float(after[name]) / float(before[name]) - 1)
                for before, after in itertools.pairwise(found)
            )
            for name in ("naive", "value")
        ]
        assert jumps[0] > 0.3
        assert jumps[1] < 0.15

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("date,slug\n", "lacks the column prompt_tokens"),
            (
                (
                    "date,slug,prompt_tokens,completion_tokens,prompt_price,completion_price\n"
                    "2026-01-04,a,-1,1,1,1\nsoon,a,1,1,1,1\n2026-01-04,a,nan,1,1,1\n"
                ),
                "has no week that can be used",
            ),
        ],
    )
    def test_a_file_that_cannot_be_is_one_sentence(
        self, cfx: Shell, tmp_path: pathlib.Path, text: str, complaint: str
    ) -> None:
        file = tmp_path / "use.csv"
        file.write_text(text)
        ended = cfx("tokens", "--consumption", file, "--out", tmp_path / "tokens.csv")
        assert complaint in refused(ended)
        assert not (tmp_path / "tokens.csv").exists()

    def test_rows_that_cannot_be_right_are_said_and_left_out(
        self, cfx: Shell, tmp_path: pathlib.Path
    ) -> None:
        head = "date,slug,prompt_tokens,completion_tokens,prompt_price,completion_price\n"
        right = "2026-01-04,a,1,1,2,2\n2026-01-11,a,1,1,3,3\n"
        wrong = "2026-01-11,a,9,9,9,9\nsoon,a,1,1,1,1\n2126-01-04,a,1,1,1,1\n2026-01-11,b,1,1,x,1\n"
        file, out = tmp_path / "use.csv", tmp_path / "tokens.csv"
        file.write_text(head + right + wrong)
        ended = cfx("tokens", "--consumption", file, "--out", out)
        assert [row["value"] for row in rows(out)] == ["2000000.0000", "3000000.0000"]
        for sentence in (
            "row 4: a stands in the week of 2026-01-11 already",
            "row 5: 'soon' is not a date",
            "row 6: '2126-01-04' is after",
            "row 7: 'x' is not a number from 0 on",
        ):
            assert sentence in ended.err
