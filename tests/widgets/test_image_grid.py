"""The image grid in an app without a terminal: cursor, marks, what it asks for, what it shows."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.geometry import Region

from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.widgets.image_grid import ImageGrid, TileSize
from binscout_tui.widgets.picture_store import store_of
from tests.widgets.grid_app import GridApp, item_of, until, write_photos

KITTY = TerminalGraphics(Protocol.KITTY)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures."""
    return write_photos(tmp_path_factory.mktemp("grid"))


@pytest.fixture(autouse=True)
def truecolor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a terminal that shows kitty pictures."""
    monkeypatch.setenv("COLORTERM", "truecolor")


def text(app: GridApp) -> list[str]:
    """The rows of the screen."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def written(app: GridApp) -> list[str]:
    """What is written to the terminal from now on, beside the frames."""
    found: list[str] = []
    assert app._driver is not None
    app._driver.write = found.append  # type: ignore[method-assign]
    return found


async def test_the_cursor_goes_where_it_is_sent_and_says_so(photos: Path) -> None:
    app = GridApp(photos, count=1000)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        assert (grid.cursor, grid.cursor_id) == (0, 1)
        columns, page = grid.columns, grid.columns * grid.rows_a_page
        await pilot.press("l", "j", "n", "h", "k", "p", "p", "p")
        await until(pilot, lambda: grid.cursor == 0)
        await pilot.press("n", "l", "j")
        await until(pilot, lambda: grid.cursor == page + 1 + columns)
        grid.to_end()
        assert grid.cursor_id == 1000
        assert grid.go_to(500)
        assert not grid.go_to(5000)
        assert grid.cursor == 499
        grid.to_start()
        await pilot.pause()
        moved = [report.id for report in app.reports if isinstance(report, ImageGrid.CursorMoved)]
        assert moved[0] == 1
        assert moved[-3:] == [1000, 500, 1]


async def test_beyond_the_ends_the_cursor_stays(photos: Path) -> None:
    app = GridApp(photos, count=10)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        grid.move(rows=-1)
        grid.move(columns=-1)
        assert grid.cursor == 0
        grid.go_to(7)
        grid.move(rows=1)
        assert grid.cursor_id == 10, "the last row is shorter: the cursor goes to its end"
        grid.move(rows=1)
        grid.move(columns=1)
        grid.page(1)
        assert grid.cursor_id == 10
        await pilot.pause()
        assert "▸#10" in "\n".join(text(app))


async def test_the_cursor_is_always_in_view_after_a_move(photos: Path) -> None:
    app = GridApp(photos, count=200)
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ["n", "j", "j", "G", "k", "k", "k", "p", "l"]:
            await pilot.press(key)
            await pilot.pause()
            assert f"▸#{app.grid.cursor_id}" in "\n".join(text(app)), key


async def test_other_images_leave_the_cursor_on_its_own(photos: Path) -> None:
    app = GridApp(photos, count=1000)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        grid.go_to(300)
        await pilot.pause()
        where = next(y for y, row in enumerate(text(app)) if "▸#300" in row)
        app.reports.clear()
        grid.show(array("q", [*range(2001, 2021), *range(1, 1001)]))
        await pilot.pause()
        assert grid.cursor_id == 300
        assert next(y for y, row in enumerate(text(app)) if "▸#300" in row) == where
        assert app.reports == []
        grid.show([image for image in range(1, 1001) if image != 300])
        assert grid.cursor == 319, "the nearest place"
        await pilot.pause()
        assert [report.id for report in app.reports] == [grid.cursor_id]
        grid.show([])
        assert grid.cursor_id is None
        await pilot.pause()
        assert "no images" in "\n".join(text(app))
        grid.show(range(50, 60), cursor=55)
        assert grid.cursor_id == 55


async def test_it_asks_for_the_visible_first_then_for_the_pages_beside_and_only_once(photos: Path) -> None:
    app = GridApp(photos, count=100_000)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        page = grid.columns * grid.rows_a_page
        await until(pilot, lambda: grid.is_settled)
        assert app.wanted[0][:page] == tuple(range(1, page + 1))
        grid.go_to(50_000)
        await until(pilot, lambda: grid.is_settled)
        asked = [image for ids in app.wanted for image in ids]
        assert len(asked) == len(set(asked)) < 10 * page
        assert 50_000 in app.wanted[-1][:page]
        grid.forget([50_000])
        await pilot.pause()
        assert app.wanted[-1] == (50_000,)


async def test_what_is_not_known_yet_waits_and_is_drawn_when_told(photos: Path) -> None:
    app = GridApp(photos, count=100)
    app.answers = False
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not app.grid.is_settled
        assert "#1" not in "\n".join(text(app))
        app.give(range(1, 101))
        await until(pilot, lambda: app.grid.is_settled)
        await pilot.pause()
        rows = text(app)
        assert any("▸#1" in row and "#2" in row for row in rows)
        assert any("▀" in row for row in rows)


async def test_titles_badges_signs_and_marks_stand_in_the_caption(photos: Path) -> None:
    app = GridApp(photos, count=100)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.grid.is_settled)
        app.grid.give([item_of(photos, 2, badge="M3 washer", sign="★")])
        app.grid.give([item_of(photos, 3, title="#3 \x1b[31m\n[bold]", badge="a class with a very long name")])
        app.grid.marks = frozenset({2})
        await pilot.pause()
        caption = next(row for row in text(app) if "#2" in row)
        assert "✓#2" in caption
        assert "★ M3 washer" in caption
        assert "[bold]" in caption
        assert "\x1b" not in caption
        assert "a class with a very long name" not in caption


async def test_a_damaged_file_has_a_card_that_says_why_until_it_is_repaired(photos: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8\xff no jpeg")
    app = GridApp(photos, count=6)
    async with app.run_test(size=(80, 24)) as pilot:
        bad = item_of(photos, 2, small=damaged, large=damaged)
        app.grid.give([bad, item_of(photos, 3, problem="missing"), item_of(photos, 4, small=None, large=None)])
        await until(pilot, lambda: app.grid.is_settled)
        await pilot.pause()
        shown = "\n".join(text(app))
        assert "✗ the file is no" in shown
        assert "✗ missing" in shown
        assert "✗ no preview" in shown
        damaged.write_bytes((photos / "5.jpg").read_bytes())
        app.grid.give([bad])
        await until(pilot, lambda: "the file is no" not in "\n".join(text(app)))
        await until(pilot, lambda: app.grid.is_settled)


async def test_a_click_moves_and_a_second_one_opens(photos: Path) -> None:
    app = GridApp(photos, count=100)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.grid.is_settled)
        await pilot.click(ImageGrid, offset=(45, 3))
        await pilot.pause()
        assert app.grid.cursor_id == 3
        await pilot.click(ImageGrid, offset=(45, 3))
        await pilot.pause()
        assert isinstance(app.reports[-1], ImageGrid.Opened)
        assert app.reports[-1].id == 3


async def test_the_wheel_scrolls_by_whole_rows_and_the_cursor_stays_in_view(photos: Path) -> None:
    app = GridApp(photos, count=100)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        await until(pilot, lambda: grid.is_settled)
        await pilot._post_mouse_events([_wheel()], ImageGrid, offset=(10, 5), button=0)
        await pilot.pause()
        assert grid.cursor == grid.columns
        moved = [report for report in app.reports if isinstance(report, ImageGrid.CursorMoved)]
        assert moved[-1].position == grid.cursor
        grid.move(rows=1)
        await pilot._post_mouse_events([_wheel()], ImageGrid, offset=(10, 5), button=0)
        await pilot.pause()
        assert grid.cursor == 2 * grid.columns, "it was in view and stays where it is"
        grid.to_start()
        await pilot._post_mouse_events([_wheel()], ImageGrid, offset=(10, 5), button=0)
        await pilot.pause()
        assert f"#{grid.columns + 1} " in next(row for row in text(app) if "#" in row)
        assert grid.scroll_y == pytest.approx(grid.virtual_size.height // -(-100 // grid.columns), abs=1)


def _wheel() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


async def test_another_size_keeps_the_cursor_in_view(photos: Path) -> None:
    app = GridApp(photos, count=1000)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        grid.go_to(321)
        for size in [TileSize.S, TileSize.XXL, TileSize.L, TileSize.XL]:
            grid.tile_size = size
            await pilot.pause()
            assert "▸#321" in "\n".join(text(app)), size
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert "▸#321" in "\n".join(text(app))
        await pilot.resize_terminal(30, 8)
        await pilot.pause()
        assert "▸#321" in "\n".join(text(app))


async def test_a_move_within_the_page_draws_two_captions_and_sends_no_picture(photos: Path) -> None:
    app = GridApp(photos, count=100, graphics=KITTY)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        await until(pilot, lambda: grid.is_settled and all(tile.shown for tile in grid._pictures.tiles))
        await until(pilot, lambda: app.is_at_rest)
        found, drawn = written(app), []
        refresh = ImageGrid.refresh

        def counted(self: ImageGrid, *regions: Region, **options: bool) -> ImageGrid:
            drawn.extend(regions or [self.size.region])
            return refresh(self, *regions, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ImageGrid, "refresh", counted)
            grid.move(columns=1)
            await pilot.pause()
        assert [region.height for region in drawn] == [1, 1]
        assert found == []
        grid.marks = frozenset({2})
        await pilot.pause()
        assert found == []


async def test_fine_pictures_follow_after_a_rest_in_the_same_place(photos: Path) -> None:
    app = GridApp(photos, count=100, graphics=KITTY)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        await until(pilot, lambda: grid.is_settled)
        drafts = [tile.payload for tile in grid._pictures.tiles]
        await until(pilot, lambda: app.is_at_rest)
        fine = [tile.payload for tile in grid._pictures.tiles]
        assert [(p.columns, p.rows) for p in drafts] == [(p.columns, p.rows) for p in fine]


async def test_going_back_in_kitty_sends_only_cells(photos: Path) -> None:
    app = GridApp(photos, count=100, graphics=KITTY)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        await until(pilot, lambda: app.is_at_rest)
        grid.page(1)
        await until(pilot, lambda: app.is_at_rest)
        found = written(app)
        grid.page(-1)
        assert grid.is_settled, "everything is there at once"
        await pilot.pause()
        assert found == []
        assert all(tile.shown != tile.draft for tile in grid._pictures.tiles)


async def test_what_was_passed_by_is_not_made(photos: Path) -> None:
    app = GridApp(photos, count=100_000)
    made: list[Request] = []
    async with app.run_test(size=(80, 24)) as pilot:
        grid, store = app.grid, store_of(app)
        await until(pilot, lambda: grid.is_settled)
        make = store.payloads.make

        def counted(request: Request, *, wanted: Callable[[], bool]) -> Payload | None:
            made.append(request)
            return make(request, wanted=wanted)

        store.payloads.make = counted  # type: ignore[method-assign, assignment]
        grid.tile_size = TileSize.L
        for size in [TileSize.XL, TileSize.S, TileSize.XXL, TileSize.L, TileSize.S, TileSize.XL]:
            grid.tile_size = size
        await until(pilot, lambda: grid.is_settled)
        assert {request.columns for request in made} <= {grid._place.layout.tile_width, *_under_way(made)}


def _under_way(made: list[Request]) -> set[int]:
    """The sizes of the first two, which the threads may have begun before the others were no longer wanted."""
    return {request.columns for request in made[:2]}


async def test_memory_of_items_is_bounded(photos: Path) -> None:
    app = GridApp(photos, count=100_000)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(150):
            app.grid.page(4)
            await pilot.pause()
        assert len(app.grid._known._items) <= 2000


async def test_no_picture_is_needed_where_the_terminal_shows_none(photos: Path) -> None:
    app = GridApp(photos, count=20, graphics=TerminalGraphics(Protocol.NONE))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "▸#1" in "\n".join(text(app))


async def test_hidden_it_asks_for_nothing_and_shown_again_its_pictures_are_there(photos: Path) -> None:
    app = GridApp(photos, count=1000, graphics=KITTY)
    async with app.run_test(size=(80, 24)) as pilot:
        grid, store = app.grid, store_of(app)
        await until(pilot, lambda: app.is_at_rest)
        shown = [tile.shown for tile in grid._tiles]
        grid.display = False
        await until(pilot, lambda: not grid._tiles)
        assert grid not in store.held._shown
        app.wanted.clear()
        grid.page(1)
        grid.display = True
        await until(pilot, lambda: bool(grid._tiles) and all(tile.payload is not None for tile in grid._tiles))
        page = grid.columns * grid.rows_a_page
        assert [tile.id for tile in grid._tiles] == list(range(page + 1, 2 * page + 1))
        assert store.held._shown[grid]
        grid.page(-1)
        assert [tile.shown for tile in grid._tiles] == shown, "the terminal holds the fine pictures still"


async def test_taken_away_while_pictures_are_made_it_leaves_nothing_behind(photos: Path) -> None:
    app = GridApp(photos, count=1000, graphics=KITTY)
    async with app.run_test(size=(80, 24)) as pilot:
        grid, store = app.grid, store_of(app)
        await until(pilot, lambda: grid.is_settled)
        app.answers = False
        grid.tile_size = TileSize.XL
        await grid.remove()
        assert grid not in store.held._shown
        assert grid._pictures is not None
        assert (grid._pictures._asked, grid._pictures.tiles) == ({}, [])
        await pilot.pause()
        assert list(app.query(ImageGrid)) == []


@pytest.mark.parametrize("protocol", [Protocol.HALFBLOCK, Protocol.KITTY, Protocol.NONE])
async def test_another_theme_reaches_what_is_around_the_pictures(photos: Path, protocol: Protocol) -> None:
    app = GridApp(photos, count=10, graphics=TerminalGraphics(protocol))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: protocol is Protocol.NONE or app.grid.is_settled)
        app.theme = "textual-light"
        await until(pilot, lambda: app.grid.background_colors[1].rgb != (18, 18, 18))
        wanted = app.grid.background_colors[1].rgb
        await until(pilot, lambda: _ground(app) == wanted)
        await until(
            pilot, lambda: all(tile.shown is None or tile.shown.background == wanted for tile in app.grid._tiles)
        )


def _ground(app: GridApp) -> tuple[int, ...] | None:
    """The background of the cell below the title at the left end, where no picture is."""
    segment = next(iter(app.screen._compositor.render_strips()[1]))
    colour = segment.style.bgcolor if segment.style else None
    return tuple(colour.triplet) if colour is not None and colour.triplet is not None else None


async def test_another_font_with_as_many_cells_has_its_own_pictures(photos: Path) -> None:
    app = GridApp(photos, count=100, graphics=KITTY)
    async with app.run_test(size=(80, 24)) as pilot:
        grid = app.grid
        await until(pilot, lambda: app.is_at_rest)
        app.graphics = TerminalGraphics(Protocol.KITTY, cell_width=20, cell_height=40)
        found = written(app)
        grid.redraw()
        await until(pilot, lambda: app.is_at_rest)
        assert {tile.shown.cell_width for tile in grid._tiles if tile.shown} == {20}
        assert sum("_G" in text for text in found) > 0
        app.graphics = TerminalGraphics(Protocol.KITTY, cell_width=9, cell_height=24)
        grid.redraw()
        await until(pilot, lambda: app.is_at_rest)
        assert f"▸#{grid.cursor_id}" in "\n".join(text(app))


async def test_another_size_without_pictures_lays_the_cells_out_anew(photos: Path) -> None:
    app = GridApp(photos, count=20, graphics=TerminalGraphics(Protocol.NONE))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for width, height in [(200, 60), (40, 12)]:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {width}
            assert all(
                row.before + row.after + (row.parts != ()) == app.grid._place.layout.tile_width
                for tile in app.grid._tiles
                for row in tile.rows or ()
            )


@pytest.mark.parametrize("protocol", [Protocol.HALFBLOCK, Protocol.KITTY, Protocol.SIXEL])
async def test_a_very_large_terminal_is_filled(photos: Path, protocol: Protocol) -> None:
    app = GridApp(photos, count=1000, graphics=TerminalGraphics(protocol))
    async with app.run_test(size=(250, 70)) as pilot:
        grid = app.grid
        for size in [TileSize.M, TileSize.S, TileSize.XXL]:
            grid.tile_size = size
            await until(pilot, lambda: grid.is_settled and len(grid._tiles) == grid.columns * grid.rows_a_page)
            await pilot.pause()
            rows = text(app)
            last = grid._tiles[-1].id
            assert any(f"#{last} " in row for row in rows), size
            assert grid.columns * (grid._place.layout.tile_width + 1) > 250 - grid.columns - 4
            assert grid.rows_a_page * grid._place.layout.tile_height > 69 - grid._place.layout.tile_height
            assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {250}
